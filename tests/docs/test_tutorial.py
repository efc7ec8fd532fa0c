"""The tutorial, followed to the letter: its files are written, its commands typed, its output compared."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.markdown import ROOT, fences
from support.until import until

MISTAKE, CORRECTED = "autorestrat", "autorestart"


class Reader:
    """Somebody who follows the tutorial in a directory of their own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.configuration = directory / "vigil.conf"
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "HOME": str(directory)}

    def type(self, command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", command],
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def write(self, name: str, text: str) -> None:
        with (self.directory / name).open("a") as file:
            file.write(text)

    def has_mistake(self) -> bool:
        return MISTAKE in self.configuration.read_text()

    def correct(self) -> None:
        self.configuration.write_text(self.configuration.read_text().replace(MISTAKE, CORRECTED))


@pytest.fixture
def reader(short_tmp: Path) -> Iterator[Reader]:
    yield Reader(short_tmp)
    pidfile = short_tmp / "supervisord.pid"
    if pidfile.exists():
        os.kill(int(pidfile.read_text()), signal.SIGTERM)
        until(lambda: not pidfile.exists(), what="the daemon's end")


def numbers_aside(text: str) -> str:
    """Pids and times differ from machine to machine."""
    return re.sub(r"\d+", "N", text)


def follow(reader: Reader, command: str, expected: str | None) -> None:
    """Type a command; where the tutorial shows output, look again until it is there."""
    wrong = "check" in command and reader.has_mistake()
    result = reader.type(command)
    if expected is not None:
        shown = numbers_aside(expected)
        if shown != numbers_aside(result.stdout):
            until(
                lambda: shown == numbers_aside(reader.type(command).stdout),
                what=f"{expected!r} from {command!r}",
            )
    else:
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    if wrong:
        assert 1 == result.returncode
        reader.correct()


@pytest.mark.slow
def test_the_tutorial_can_be_followed(reader: Reader) -> None:
    blocks = fences((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"))
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        match block.language:
            case "python":
                reader.write("ticker.py", block.body)
            case "ini":
                reader.write("vigil.conf", block.body)
            case "sh":
                shown = following is not None and following.language == "text"
                follow(reader, block.body, following.body if following is not None and shown else None)
    until(lambda: not (reader.directory / "supervisord.pid").exists(), what="the daemon's end")
    assert "tick 1\n" in (reader.directory / "ticker.log").read_text()
