"""Operations on the daemon and on its configuration."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from support.fakes import World, group, program
from vigild.config.model import FcgiSocketConfig, GroupConfig
from vigild.control.daemon import Configuration, Daemon, VigilControl
from vigild.core.access import Caller, Role, current_caller
from vigild.core.errors import Fault, VigilError
from vigild.core.process import Stop
from vigild.core.states import SupervisorState


class FakeMainLog:
    def __init__(self, path: str | None) -> None:
        self.path = path
        self.broken = False
        self.cleared = 0

    def file_path(self) -> str | None:
        return self.path

    def clear(self) -> None:
        if self.broken:
            raise OSError(5, "I/O error")
        self.cleared += 1


class FakeLifecycle:
    def __init__(self) -> None:
        self.orders: list[str] = []

    def shutdown(self) -> None:
        self.orders.append("shutdown")

    def restart(self) -> None:
        self.orders.append("restart")

    async def upgrade(self) -> None:
        self.orders.append("upgrade")

    def facts(self) -> dict[str, object]:
        return {"generation": 3}


def by_name(old: Sequence[GroupConfig], new: Sequence[GroupConfig]) -> tuple[list[str], list[str], list[str]]:
    before, after = {config.name: config for config in old}, {config.name: config for config in new}
    added = [name for name in after if name not in before]
    changed = [name for name in after if name in before and after[name] != before[name]]
    return added, changed, [name for name in before if name not in after]


def test_the_daemon_tells_who_it_is(tmp_path: Path) -> None:
    world, lifecycle = World(), FakeLifecycle()
    path = tmp_path / "main.log"
    log = FakeMainLog(str(path))
    daemon = Daemon(world.engine, log, lifecycle)
    assert (daemon.identification(), daemon.state(), daemon.pid()) == (
        "supervisor",
        (1, "RUNNING"),
        os.getpid(),
    )
    assert daemon.log_path() is None
    with pytest.raises(VigilError) as caught:
        daemon.clear_log()
    assert str(caught.value) == "NO_FILE"
    path.write_bytes(b"hello")
    assert (daemon.log_path(), daemon.read_log(1, 3)) == (str(path), b"ell")
    daemon.clear_log()
    log.broken = True
    with pytest.raises(VigilError) as caught:
        daemon.clear_log()
    assert (caught.value.fault, log.cleared) == (Fault.FAILED, 1)
    daemon.shutdown()
    daemon.restart()
    asyncio.run(daemon.upgrade())
    assert lifecycle.orders == ["shutdown", "restart", "upgrade"]
    assert daemon.facts() == {"generation": 3}


def test_while_it_goes_down_it_refuses() -> None:
    world = World()
    daemon = Daemon(world.engine, FakeMainLog(None), FakeLifecycle())
    daemon.require_running()
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    with pytest.raises(VigilError) as caught:
        daemon.require_running()
    assert str(caught.value) == "SHUTDOWN_STATE"


def test_reload_then_add_and_remove() -> None:
    old, new = group(program("old")), group(program("new"))
    world = World(old).boot()
    configuration = Configuration(world.engine, [old], lambda: [new], by_name)
    assert configuration.reload() == (["new"], [], ["old"])
    configuration.add_group("new")
    for call, text in (
        (lambda: configuration.add_group("new"), "ALREADY_ADDED: new"),
        (lambda: configuration.add_group("old"), "BAD_NAME: old"),
        (lambda: configuration.remove_group("nope"), "BAD_NAME: nope"),
        (lambda: configuration.remove_group("old"), "STILL_RUNNING: old"),
    ):
        with pytest.raises(VigilError) as caught:
            call()
        assert str(caught.value) == text
    world.engine.groups["old"].processes["old"].feed(Stop())
    world.exits("old")
    configuration.remove_group("old")
    assert list(world.engine.groups) == ["new"]


def test_config_info_has_no_null_and_knows_what_runs() -> None:
    first = group(program("a", redirect_stderr=True), name="g")
    world = World(first).boot()
    configuration = Configuration(world.engine, [first], lambda: [group(program("a"), name="g")], by_name)
    (info,) = configuration.all_config_info()
    assert (info["stdout_logfile"], info["stderr_logfile"], info["directory"]) == (
        "/logs/a-stdout---x.log",
        "none",
        "none",
    )
    assert (info["inuse"], info["exitcodes"], info["stopsignal"], info["uid"]) == (True, [0], 15, "none")
    configuration.reload()
    (info,) = configuration.all_config_info()
    assert (info["inuse"], info["stdout_logfile"], info["stderr_logfile"]) == (True, "auto", "auto")


@pytest.mark.parametrize("role", Role)
def test_secrets_in_command_lines_are_for_admins(role: Role) -> None:
    command = "serve --password=hunter2 --port 80 https://ann:hunter3@db/"
    first = group(program("a", command=command, server_url="http://ann:hunter4@localhost:9001"))
    world = World(first).boot()
    configuration = Configuration(world.engine, [first], list, by_name)
    token = current_caller.set(Caller("ann", role, "password"))
    try:
        (info,) = configuration.all_config_info()
    finally:
        current_caller.reset(token)
    if role is Role.ADMIN:
        assert (info["command"], info["serverurl"]) == (command, "http://ann:hunter4@localhost:9001")
    else:
        assert info["command"] == "serve --password=******** --port 80 https://ann:********@db/"
        assert info["serverurl"] == "http://ann:********@localhost:9001"


def test_the_facade_holds_all_nouns() -> None:
    world = World(group(program("f"), socket=FcgiSocketConfig("unix:///s", path="/s")))
    daemon = Daemon(world.engine, FakeMainLog(None), FakeLifecycle())
    control = VigilControl(world.engine, daemon, Configuration(world.engine, [], list, by_name))
    assert control.processes.all_info()[0]["name"] == "f"
    assert control.logs.path("f", "stdout") is None
    assert control.config.all_config_info() == []
    assert control.daemon is daemon
