"""Alerts in a life of the daemon: a deliverer as long as there is an alert, told what comes up, and reaped."""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from support import deliverer
from support.fakes import World, group, program
from support.until import DEADLINE_SECONDS
from vigild.config.model import AlertConfig, Config, DaemonConfig, ForwardConfig
from vigild.core.adoption import Fate
from vigild.core.quiet import QuietHours
from vigild.daemon import alerting
from vigild.daemon.alert_switch import AlertSwitch
from vigild.daemon.structs import struct_of
from vigild.engine.adoption import Adoption
from vigild.engine.ports import NO_ALERTS
from vigild.engine.records import EDGE, TROUBLE
from vigild.host.process_table import ProcTable
from vigild.host.reaper import Reaper

OPS = AlertConfig("ops", ("https://example.test/?token=secret",), quiet_hours=QuietHours(((60, 120),), "UTC"))


def configured(directory: Path, *alerts: AlertConfig) -> Config:
    daemon = DaemonConfig(identifier="sup", state_dir=str(directory))
    return Config(str(directory / "x.conf"), daemon, alerts=alerts)


class Stage:
    """An engine on fakes, a real deliverer that keeps everything, and a reaper."""

    def __init__(self, directory: Path, *alerts: AlertConfig, entries: dict[str, dict[str, bytes]]) -> None:
        self.world = World(group(program("web", start_retries=0)))
        self.world.journal.entries.update(entries)
        self.directory = directory
        self.table = ProcTable()
        self.file = directory / "told"
        self.strangers: list[int] = []
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, Reaper(self._reaped).reap)
        self.switch = AlertSwitch(
            loop, self.world.engine, self.table, entries, configured(directory, *alerts)
        )

    def _reaped(self, pid: int, wait_status: int) -> None:
        if not self.switch.claim(pid, wait_status):
            self.strangers.append(pid)

    def told(self, kind: str) -> list[dict[str, object]]:
        text = self.file.read_text() if self.file.exists() else ""
        return [message for line in text.splitlines() if (message := json.loads(line))["type"] == kind]

    async def until_kept(self, count: int) -> list[dict[str, object]]:
        while len(self.told("edge")) < count or self.world.journal.entries.get(EDGE):
            await asyncio.sleep(0.01)
        return [message["edge"] for message in self.told("edge")]  # type: ignore[misc]


@pytest.fixture
def play(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Stage]:
    monkeypatch.setattr(
        alerting, "module_argv", lambda module: [sys.executable, deliverer.__file__, str(short_tmp / "told")]
    )

    def run(
        script: Callable[[Stage], Awaitable[object]],
        *alerts: AlertConfig,
        entries: dict[str, dict[str, bytes]] | None = None,
    ) -> Stage:
        async def whole() -> Stage:
            stage = Stage(short_tmp, *alerts, entries=entries or {})
            async with asyncio.timeout(DEADLINE_SECONDS):
                await script(stage)
                await stage.switch.close()
            assert stage.strangers == []
            assert stage.table.workers == set()
            assert stage.world.ports.alerts is NO_ALERTS
            assert stage.world.engine.settings.alarms is None
            return stage

        return asyncio.run(whole())

    return run


def test_what_happens_before_the_deliverer_is_there_is_told_when_it_is(play: Callable[..., Stage]) -> None:
    async def script(stage: Stage) -> None:
        stage.world.boot()
        stage.world.exits("web", 9)
        assert list(stage.world.journal.entries[EDGE]) != []
        assert stage.told("config") == []
        stage.switch.begin(Adoption(), was_killed=False)
        (edge,) = await stage.until_kept(1)
        assert (edge["kind"], edge["name"]) == ("fatal", "web")
        (config,) = stage.told("config")
        assert config["daemon"]["identifier"] == "sup"  # type: ignore[index]
        assert config["daemon"]["outbox"].startswith(f"{stage.directory}/alerts-")  # type: ignore[index]
        assert config["alerts"] == [json.loads(json.dumps(struct_of(OPS)))]
        assert stage.table.workers

    stage = play(script, OPS)
    assert [edge["edge"].get("quiet") for edge in stage.told("edge")] == [None, True]  # type: ignore[attr-defined]
    assert not stage.world.journal.entries[TROUBLE]


def test_alerts_come_and_go_with_a_reread(play: Callable[..., Stage]) -> None:
    async def script(stage: Stage) -> None:
        switch, world = stage.switch, stage.world
        switch.begin(Adoption(), was_killed=False)
        assert switch.alerting is None
        assert world.ports.alerts is NO_ALERTS
        switch.configure(configured(stage.directory, OPS))
        assert switch.alerting is not None
        assert await switch.alerting.telling.test("ops") == "ok"
        switch.configure(configured(stage.directory, OPS, replace(OPS, name="dev")))
        assert list(switch.alerting.names) == ["ops", "dev"]
        world.boot()
        world.exits("web", 9)
        await stage.until_kept(1)
        switch.configure(configured(stage.directory))
        assert switch.alerting is None
        assert world.ports.alerts is NO_ALERTS
        switch.configure(configured(stage.directory, OPS))

    stage = play(script)
    names = [[alert["name"] for alert in message["alerts"]] for message in stage.told("config")]  # type: ignore[attr-defined]
    assert names == [["ops"], ["ops", "dev"], ["ops"]]


def test_what_the_daemon_before_wrote_down_goes_where_nobody_is_told_any_more(
    play: Callable[..., Stage],
) -> None:
    async def script(stage: Stage) -> None:
        assert stage.world.journal.entries == {EDGE: {}, TROUBLE: {}}

    play(script, entries={EDGE: {"5": b"x"}, TROUBLE: {"program:web": b"{}"}})


def test_the_daemon_tells_of_itself(play: Callable[..., Stage]) -> None:
    async def script(stage: Stage) -> None:
        adoption = Adoption(outcomes={"a": Fate.ADOPT, "b": Fate.MOURN})
        stage.switch.begin(adoption, was_killed=True)
        stage.switch.upgrade_failed("the new code is broken")
        stage.switch.store_changed("journal", "/run/x: No space left on device")
        stage.switch.store_changed("history", "/var/x: disk I/O error")
        stage.switch.store_changed("journal", "")
        edges = await stage.until_kept(7)
        assert [
            (edge["kind"], edge["trouble"], edge.get("quiet", False), edge["text"]) for edge in edges
        ] == [
            ("daemon", "killed", False, KILLED),
            ("recovered", "killed", True, ""),
            ("daemon", "upgrade", False, NOT_UPGRADED),
            ("recovered", "upgrade", True, ""),
            ("daemon", "journal", False, "the journal cannot be written: /run/x: No space left on device"),
            ("daemon", "history", False, "the history cannot be written: /var/x: disk I/O error"),
            ("recovered", "journal", False, "the journal can be written again"),
        ]
        assert {edge["source"] for edge in edges} == {"daemon"}
        assert {edge["name"] for edge in edges} == {"sup"}

    play(script, OPS)


def test_a_forward_that_is_a_trouble_is_told_until_it_is_over_or_gone(play: Callable[..., Stage]) -> None:
    async def script(stage: Stage) -> None:
        stage.switch.begin(Adoption(), was_killed=False)
        for name in ("a", "b"):
            stage.switch.forward_changed(name, f"forward {name} has failed")
            stage.switch.forward_changed(name, "for another reason")
        stage.switch.forward_changed("a", "")
        config = configured(stage.directory, OPS)
        stage.switch.configure(replace(config, forwards=(ForwardConfig("b", url="journald:"),)))
        await stage.until_kept(3)
        stage.switch.configure(config)  # b is not in it any more
        edges = await stage.until_kept(4)
        assert [
            (edge["kind"], edge["trouble"], edge.get("quiet", False), edge["text"]) for edge in edges
        ] == [
            ("daemon", "forward:a", False, "forward a has failed"),
            ("daemon", "forward:b", False, "forward b has failed"),
            ("recovered", "forward:a", False, "forward a is well again"),
            ("recovered", "forward:b", True, ""),
        ]
        assert edges[0]["details"] == {"forward": "a"}

    play(script, OPS)


def test_troubles_are_nobodys_without_an_alert(play: Callable[..., Stage]) -> None:
    async def script(stage: Stage) -> None:
        stage.switch.forward_changed("a", "gone")

    assert play(script).told("edge") == []


KILLED = "the daemon was killed, or crashed, and is back: 1 program ran on, 1 ended meanwhile"
NOT_UPGRADED = "the daemon was not upgraded, and goes on as before: the new code is broken"


def test_what_could_not_be_handed_over_at_the_end_is_said(
    play: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerting, "SETTLE_SECONDS", 0.05)
    monkeypatch.setattr(alerting, "module_argv", lambda module: ["/bin/sleep", "1000"])
    monkeypatch.setattr(alerting, "EOF_SECONDS", 0.05)

    async def script(stage: Stage) -> None:
        stage.switch.begin(Adoption(), was_killed=True)

    stage = play(script, OPS)
    assert (
        "ERRO 2 troubles and ends of them could not be handed to the alert deliverer" in stage.world.log.lines
    )
    assert stage.world.journal.entries[EDGE] == {}
