"""A daemon with fixed answers, and a supervisorctl that talks to it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.ctl import scenes
from support.fake_daemon import FakeDaemon
from vigild.cli.ctl.controller import Controller
from vigild.cli.ctl.options import Options


@dataclass
class Desk:
    """What a user has in front of them."""

    daemon: FakeDaemon
    ctl: Controller
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)

    def say(self, line: str) -> str:
        """Carry out a line; what it printed on stdout."""
        self.ctl.exit_status = 0
        before = self.out.tell()
        self.ctl.run(line)
        return self.out.getvalue()[before:]


@pytest.fixture
def daemon(short_tmp: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(short_tmp / "s.sock", scenes.ordinary()) as daemon:
        yield daemon


@pytest.fixture
def desk(daemon: FakeDaemon) -> Iterator[Desk]:
    out, err = io.StringIO(), io.StringIO()
    ctl = Controller(Options(server_url=daemon.url, words=["x"]), out, err)
    yield Desk(daemon, ctl, out, err)
    ctl.disconnect()
