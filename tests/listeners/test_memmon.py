"""memmon's flags, and what it does about faults of the daemon."""

import pytest

from support.process_infos import info
from vigild.client.errors import FaultError
from vigild.listeners.delivery import Route
from vigild.listeners.memmon import TOOL, Memmon, settings_of
from vigild.listeners.memmon_decision import Restart, Settings
from vigild.listeners.options import UsageError, parse
from vigild.listeners.runner import Postman


def settings(*arguments: str) -> Settings:
    return settings_of(parse(TOOL, arguments), "own")


def test_a_name_counts_wherever_it_stands() -> None:
    assert "box" == settings("-n", "box", "-p", "web=1MB").name
    assert "web" == settings("-p", "web=1MB").name  # as in Superlance
    assert settings("-a", "1MB").name is None


def test_limits_are_read() -> None:
    read = settings("-c", "-p", "a:b=2MB", "-g", "site=1GB", "-a", "10", "-u", "1h", "--hold", "5m")
    assert ({"a:b": 2 << 20}, {"site": 1 << 30}, 10) == (read.programs, read.groups, read.any)
    assert (True, 3600, 300, "own") == (read.cumulative, read.uptime_seconds, read.hold_seconds, read.own)


@pytest.mark.parametrize("arguments", [("-p", "web"), ("-p", "web=much"), ("-a", "x"), ("-u", "soon")])
def test_wrong_values_are_said(arguments: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=arguments[1].partition("=")[2] or arguments[1]):
        settings(*arguments)


class Refusing:
    """A daemon that stops everything and starts nothing."""

    def stop(self, name: str) -> None: ...

    def start(self, name: str) -> None:
        raise FaultError(50, f"SPAWN_ERROR: {name}")


def test_a_failed_restart_ends_it(capsys: pytest.CaptureFixture[str]) -> None:
    listener = Memmon(Settings(), Refusing(), Postman("memmon", Route()))  # type: ignore[arg-type]
    with pytest.raises(SystemExit) as caught:
        listener._restart(Restart(info("web"), 1))
    assert 1 == caught.value.code
    assert (
        "Failed to start process web:web after stopping it, exiting: <Fault 50: 'SPAWN_ERROR: web:web'>\n"
        == capsys.readouterr().err
    )
