"""`vigil logs` against daemons with known logs."""

import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from xmlrpc.client import Fault

import pytest

from support.daemon import Daemon
from support.fake_daemon import FakeDaemon
from vigild.cli.logs import MAX_LINE_BYTES, JsonLines, fresh, last_lines
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


@pytest.mark.parametrize(
    ("data", "count", "last"),
    [
        (b"a\nb\nc\n", 2, b"b\nc\n"),
        (b"a\nb\nc", 2, b"b\nc"),
        (b"a\n1%\r2%\r3%\nb\x0cb\n", 2, b"1%\r2%\r3%\nb\x0cb\n"),
        (b"a\n", 5, b"a\n"),
        (b"a\n", 0, b""),
        (b"", 3, b""),
    ],
)
def test_a_line_ends_with_lf_alone(data: bytes, count: int, last: bytes) -> None:
    assert last_lines(data, count) == last


@pytest.mark.parametrize(
    ("seen", "piece", "left"),
    [
        (b"one\ntwo\n", b"two\nthree\n", b"three\n"),
        (b"caf\xc3\xa9\n", b"\xa9\nmore\n", b"more\n"),
        ("caf\ufffd\n".encode(), b"caf\xe9\nmore \xe9\n", b"more \xe9\n"),
        (b"\x1b[31m!\x1b[0m\n", "\u241b[31m!\x1b[0m\nmore\n".encode(), b"more\n"),
        (b"", b"more\n", b"more\n"),
        (b"old\n", b"\xa9\n\xa9", b"\xa9"),
        (b"old", b"\xa9new\n", b"\xa9new\n"),
    ],
)
def test_what_of_a_stream_was_not_seen(seen: bytes, piece: bytes, left: bytes) -> None:
    assert fresh(seen, piece) == left


@pytest.mark.parametrize(
    ("flags", "text", "said"),
    [
        ([], "NO_FILE: /log/w", "the stdout log of w is gone: /log/w; the next start of w makes it anew"),
        ([], "NO_FILE", "there is no stdout log of w: w was never started, or stdout_logfile is NONE"),
        (
            ["--stderr"],
            "NO_FILE",
            "there is no stderr log of w: w was never started, or stderr_logfile is NONE, or redirect_stderr sends it "
            "to stdout (then leave --stderr away)",
        ),
    ],
)
def test_a_log_that_is_not_there(
    short_tmp: Path, capsys: pytest.CaptureFixture[str], flags: list[str], text: str, said: str
) -> None:
    def none(*_: object) -> str:
        raise Fault(20, text)

    methods = {f"supervisor.readProcess{channel}Log": none for channel in ("Stdout", "Stderr")}
    with FakeDaemon(short_tmp / "s", methods) as daemon:
        assert main(["logs", "-s", daemon.url, *flags, "w"]) == 1
    assert capsys.readouterr().err == f"vigil logs: {said}\n"


def test_colours_and_escapes_arrive_as_they_were_written_and_once(
    short_tmp: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    written = b"\x1b[31mred\x1b[0m \x1b]0;mine\x07 \xe2\x82\xac\n"
    (short_tmp / "line").write_bytes(written)
    (short_tmp / "more").write_bytes(b"more\n")
    (short_tmp / "go").touch()
    command = f"sh -c 'cat {short_tmp}/line; while [ -e {short_tmp}/go ]; do sleep 0.05; done; exec cat {short_tmp}/more -'"
    with Daemon(short_tmp, f"[program:w]\ncommand={command}\n") as daemon:
        daemon.wait_state("w", "RUNNING")
        assert main(["logs", "-c", str(daemon.conf), "w"]) == 0
        assert capfdbinary.readouterr().out == written
        follower = Popen(
            [sys.executable, "-m", "vigild.cli.main", "logs", "-f", "-c", str(daemon.conf), "w"], stdout=PIPE
        )
        assert follower.stdout is not None
        try:
            first = follower.stdout.readline()
            (short_tmp / "go").unlink()
            assert [first, follower.stdout.readline()] == [written, b"more\n"]
        finally:
            follower.kill()
            follower.communicate()


def test_a_real_daemon(short_tmp: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with Daemon(short_tmp, "[program:w]\ncommand=sh -c 'echo one; echo two; exec cat'\n") as daemon:
        daemon.wait_state("w", "RUNNING")
        assert main(["logs", "-c", str(daemon.conf), "-n", "1", "w"]) == 0
        assert capfd.readouterr().out == "two\n"
