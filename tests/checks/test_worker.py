"""The process itself, over its pipes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.until import DEADLINE_SECONDS, until

Message = dict[str, object]


class Talk:
    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    def say(self, message: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def hear(self, name: str) -> Message:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message: Message = json.loads(line)
            if message["monitor"] == name:
                return message
        raise AssertionError("it ended")


@pytest.fixture
def talk() -> Iterator[Talk]:
    argv = [sys.executable, "-P", "-m", "vigild.checks"]
    with subprocess.Popen(argv, stdin=-1, stdout=-1, stderr=-1, bufsize=0) as process:
        try:
            yield Talk(process)
        finally:
            process.kill()


def monitor(name: str, kind: str, interval: float = 0.1, **settings: object) -> Message:
    return {
        "name": name,
        "type": kind,
        "interval_seconds": interval,
        "timeout_seconds": 20,
        "settings": settings,
    }


def test_it_tells_what_it_sees(talk: Talk, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("x")
    talk.say({"type": "config", "monitors": [monitor("f", "file", path=str(path))]})
    heard = talk.hear("f")
    assert heard.keys() == {"type", "monitor", "at", "values", "error", "cannot", "memory"}
    assert heard["values"]["size"] == 1  # type: ignore[index]
    path.unlink()
    until(lambda: talk.hear("f")["error"] == f"{path} does not exist")


def test_a_look_can_be_hurried(talk: Talk) -> None:
    talk.say({"type": "config", "monitors": [monitor("d", "directory", 600, path="/")]})
    talk.hear("d")
    talk.say({"type": "look", "monitor": "d"})
    assert talk.hear("d")["error"] == ""


def test_what_is_no_message_is_said_on_stderr_and_nothing_else_happens(talk: Talk) -> None:
    for nonsense in ([], {"type": "dance"}, {"type": "config", "monitors": [{}]}, {"type": "look"}):
        talk.say(nonsense)
    talk.say({"type": "config", "monitors": [monitor("d", "directory", path="/")]})
    talk.hear("d")
    assert talk.process.stdin is not None
    assert talk.process.stderr is not None
    talk.process.stdin.close()
    assert talk.process.wait(DEADLINE_SECONDS) == 0
    assert len(talk.process.stderr.read().splitlines()) == 4


def test_with_its_daemon_it_ends_and_with_it_what_it_runs(talk: Talk) -> None:
    talk.say({"type": "config", "monitors": [monitor("p", "program", argv=["sleep", "987"])]})
    own = psutil.Process(talk.process.pid)
    (child,) = until(own.children)
    assert talk.process.stdin is not None
    talk.process.stdin.close()
    assert talk.process.wait(DEADLINE_SECONDS) == 0
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
