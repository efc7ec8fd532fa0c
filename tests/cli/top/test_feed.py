"""What the screen asks of a daemon."""

from collections.abc import Iterator
from pathlib import Path
from xmlrpc.client import Fault

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli.top.feed import Feed, Part
from vigild.client.errors import FaultError
from vigild.client.supervisor import Supervisor


@pytest.fixture
def daemon(short_tmp: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(short_tmp / "s", {}) as daemon:
        yield daemon


@pytest.fixture
def feed(daemon: FakeDaemon) -> Iterator[Feed]:
    with Supervisor.at(daemon.url) as client:
        yield Feed(client, 5.0)


def test_orders(daemon: FakeDaemon, feed: Feed) -> None:
    daemon.methods["supervisor.startProcess"] = lambda name, wait: True
    daemon.methods["supervisor.stopProcess"] = lambda name, wait: True
    assert ["web: started", "web: stopped", "web: restarted"] == [
        feed.act(action, "web") for action in ("start", "stop", "restart")
    ]
    assert ["startProcess", "stopProcess", "stopProcess", "startProcess"] == [
        method.partition(".")[2] for method, _ in daemon.calls
    ]


def test_what_does_not_run_is_started_by_a_restart(daemon: FakeDaemon, feed: Feed) -> None:
    def stop(name: str, wait: bool) -> bool:
        raise Fault(70 if name == "web" else 10, "NOT_RUNNING")

    daemon.methods["supervisor.startProcess"] = lambda name, wait: True
    daemon.methods["supervisor.stopProcess"] = stop
    assert "web: restarted" == feed.act("restart", "web")
    for action, name in (("stop", "web"), ("restart", "nobody")):
        with pytest.raises(FaultError):
            feed.act(action, name)


def test_the_end_of_a_log(daemon: FakeDaemon, feed: Feed) -> None:
    daemon.methods["supervisor.tailProcessStderrLog"] = lambda name, offset, length: [
        f"{name} {offset}",
        42,
        True,
    ]
    assert Part("web 7", 42, True) == feed.tail("web", "stderr", 7)


def test_looking_keeps_the_daemon_measuring(daemon: FakeDaemon, feed: Feed) -> None:
    daemon.methods["vigil.watchSamples"] = lambda interval, seconds: {"machine": {"load1": 0.5}}
    daemon.methods["vigil.getAllProcessInfo"] = list
    assert [] == feed.rows()
    assert [("vigil.watchSamples", (5.0, 30.0)), ("vigil.getAllProcessInfo", ())] == daemon.calls
    assert feed.machine == {"load1": 0.5}
    daemon.methods["vigil.watchSamples"] = lambda interval, seconds: {}  # an older daemon
    feed.rows()
    assert feed.machine == {}
