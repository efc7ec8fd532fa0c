import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from support.until import until
from vigild.forwards.reporter import Reporter


class Daemon:
    """The other end of a pipe."""

    def __init__(self) -> None:
        self.read_fd, self.write_fd = os.pipe()
        os.set_blocking(self.read_fd, False)
        self.heard = b""

    def messages(self) -> list[dict[str, Any]]:
        try:
            while data := os.read(self.read_fd, 65536):
                self.heard += data
        except BlockingIOError:
            pass
        return [json.loads(line) for line in self.heard.splitlines()]

    def until_heard(self, count: int) -> list[dict[str, Any]]:
        until(lambda: len(self.messages()) >= count)
        return self.messages()


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    yield made
    for fd in (made.read_fd, made.write_fd):
        try:
            os.close(fd)
        except OSError:
            pass


def test_what_is_urgent_is_said_at_once_and_the_rest_at_the_end(daemon: Daemon) -> None:
    counts = {"n": 0}
    reporter = Reporter(daemon.write_fd, lambda: {"f": dict(counts)}, interval_seconds=3600.0)
    reporter.changed(True)
    assert [{"type": "report", "forwards": {"f": {"n": 0}}}] == daemon.until_heard(1)
    counts["n"] = 1
    reporter.changed(False)
    reporter.changed(False)
    assert 1 == len(daemon.messages())
    counts["n"] = 2
    reporter.changed(True)
    assert {"n": 2} == daemon.until_heard(2)[1]["forwards"]["f"]
    counts["n"] = 3
    reporter.changed(False)
    reporter.close(20.0)
    assert [0, 2, 3] == [message["forwards"]["f"]["n"] for message in daemon.messages()]


def test_what_has_not_changed_is_not_said_again(daemon: Daemon) -> None:
    reporter = Reporter(daemon.write_fd, lambda: {"f": 1}, interval_seconds=0.0)
    reporter.changed(True)
    daemon.until_heard(1)
    reporter.changed(True)
    reporter.changed(False)
    reporter.close(20.0)
    assert 1 == len(daemon.messages())


def test_without_an_interval_each_change_is_said(daemon: Daemon) -> None:
    counts = {"n": 0}
    reporter = Reporter(daemon.write_fd, lambda: dict(counts), interval_seconds=0.0)
    for number in range(1, 4):
        counts["n"] = number
        reporter.changed(False)
        daemon.until_heard(number)
    reporter.close(20.0)


def test_a_daemon_that_is_gone_needs_no_words(daemon: Daemon) -> None:
    os.close(daemon.read_fd)
    reporter = Reporter(daemon.write_fd, lambda: {"f": 1})
    reporter.say({"type": "tested"})
    reporter.close(20.0)
