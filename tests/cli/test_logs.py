"""`vigil logs` against daemons with known logs."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from xmlrpc.client import Fault

import pytest

from support.daemon import Daemon
from support.fake_daemon import FakeDaemon
from vigild.cli.logs import MAX_LINE_BYTES, JsonLines
from vigild.cli.main import main

LOG = "".join(f"line {number} é\n" for number in range(3000))


def read(name: str, offset: int, length: int) -> str:
    if name != "web":
        raise Fault(10, f"BAD_NAME: {name}")
    assert length == 0
    return LOG.encode()[offset:].decode(errors="replace")


@pytest.fixture
def url(short_tmp: Path) -> Iterator[str]:
    end = LOG.encode()[-500:]
    methods = {
        "supervisor.readProcessStdoutLog": read,
        "supervisor.readProcessStderrLog": lambda name, offset, length: "oh\x00 no\n"[:2],
    }
    streams = {"/logtail/web/stdout": [end + b"between\n", b"fresh \xc3", b"\xa9\n"]}
    with FakeDaemon(short_tmp / "s", methods, streams) as daemon:
        yield daemon.url


@pytest.mark.parametrize("count", [1, 20, 2500])
def test_the_last_lines(url: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "-s", url, "-n", str(count), "web"]) == 0
    assert capsys.readouterr().out.splitlines() == LOG.splitlines()[-count:]


def test_more_lines_than_there_are(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "-s", url, "-n", "5000", "web"]) == 0
    assert capsys.readouterr().out == LOG


@pytest.mark.parametrize("count", [0, 2])
def test_following_goes_on_where_it_was(url: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "-s", url, "-f", "-n", str(count), "web"]) == 3  # the stream ended
    before = LOG.splitlines()[-count:] if count else []
    assert capsys.readouterr().out.splitlines() == [*before, "between", "fresh é"]


def test_for_programs(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "-s", url, "--json", "-f", "-n", "1", "web"]) == 3  # the stream ended
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    about = {"name": "web", "channel": "stdout"}
    assert told == [{**about, "text": text} for text in ("line 2999 é", "between", "fresh é")]


def test_lines_for_programs_that_never_end_or_are_no_text() -> None:
    out = io.StringIO()
    lines = JsonLines("web", "stderr", out)
    for piece in (b"a\xff\r\n", b"x" * (MAX_LINE_BYTES + 1), b"end"):
        lines.write(piece)
    lines.close()
    lines.close()
    texts = [json.loads(line)["text"] for line in out.getvalue().splitlines()]
    assert texts == ["a\ufffd", "x" * (MAX_LINE_BYTES + 1), "end"]


def test_stderr(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "-s", url, "--stderr", "web"]) == 0
    assert capsys.readouterr().out == "oh"


def test_an_unknown_name(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", "-s", url, "nobody"]) == 1
    assert capsys.readouterr().err == "vigil logs: no such process: nobody\n"


@pytest.mark.parametrize("count", ["-1", "x", "100001"])
def test_a_number_of_lines_that_is_none(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["logs", f"--lines={count}", "web"])
    assert caught.value.code == 2
    assert "not a number from 0 to 100000" in capsys.readouterr().err


def test_a_real_daemon(short_tmp: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Daemon(short_tmp, "[program:w]\ncommand=sh -c 'echo one; echo two; exec cat'\n") as daemon:
        daemon.wait_state("w", "RUNNING")
        assert main(["logs", "-c", str(daemon.conf), "-n", "1", "w"]) == 0
        assert capfd.readouterr().out == "two\n"
