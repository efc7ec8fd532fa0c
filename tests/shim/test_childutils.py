"""The listener's side of the protocol, and the way back to the daemon."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor import childutils
from support.fake_daemon import FakeDaemon

HEADER = "ver:3.0 server:supervisor serial:21 pool:listener poolserial:10 eventname:PROCESS_COMMUNICATION_STDOUT len:{}\n"


def event(payload: str) -> str:
    return HEADER.format(len(payload.encode())) + payload


def test_wait_says_ready_and_returns_one_event() -> None:
    stdin, stdout = io.StringIO(event("processname:a groupname:b pid:1\ndata") + "rest"), io.StringIO()
    headers, payload = childutils.listener.wait(stdin, stdout)
    assert stdout.getvalue() == "READY\n"
    assert (headers["eventname"], headers["len"]) == ("PROCESS_COMMUNICATION_STDOUT", "36")
    assert childutils.eventdata(payload) == ({"processname": "a", "groupname": "b", "pid": "1"}, "data")
    assert stdin.read() == "rest"


@pytest.mark.parametrize("text", ["", "x", "straße", "日本語 " * 50, "😀" * 7 + "é", "abc\ndéf\n"])
def test_length_counts_bytes(text: str) -> None:
    stdin = io.TextIOWrapper(io.BytesIO((event(text) + "next").encode()), "utf-8", newline="\n")
    assert childutils.listener.wait(stdin, io.StringIO())[1] == text
    assert stdin.read() == "next"


def test_wait_never_reads_past_the_event(tmp_path: Path) -> None:
    # On a pipe that stays open, a byte too many would wait for ever.
    script = (
        "import sys; sys.stdin.reconfigure(encoding='utf-8'); from supervisor import childutils as c\n"
        "h, p = c.listener.wait(); sys.stderr.write(ascii(p)); sys.stderr.flush(); c.listener.send('ünd')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "src", "PYTHONUTF8": "1"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    with process, process.stdin, process.stdout, process.stderr:
        process.stdin.write(event("größe: 5 µm").encode())
        process.stdin.flush()
        assert process.stderr.read() == b"'gr\\xf6\\xdfe: 5 \\xb5m'"
        assert process.stdout.read() == "READY\nRESULT 4\nünd".encode()


def test_answers() -> None:
    stdout = io.StringIO()
    childutils.listener.ok(stdout)
    childutils.listener.fail(stdout)
    assert stdout.getvalue() == "RESULT 2\nOKRESULT 4\nFAIL"


def test_end_of_input_is_an_end() -> None:
    with pytest.raises(EOFError):
        childutils.listener.wait(io.StringIO(""), io.StringIO())
    with pytest.raises(KeyError):  # what listeners written for Supervisor know
        childutils.listener.wait(io.StringIO(""), io.StringIO())


def test_communication_events(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    childutils.pcomm.send("hello", out)
    childutils.pcomm.stdout("o")
    childutils.pcomm.stderr("e")
    assert out.getvalue() == "<!--XSUPERVISOR:BEGIN-->hello<!--XSUPERVISOR:END-->"
    captured = capsys.readouterr()
    assert "BEGIN-->o<!--" in captured.out
    assert "BEGIN-->e<!--" in captured.err


def test_get_asctime(monkeypatch: pytest.MonkeyPatch) -> None:
    assert childutils.get_asctime(1700000000.25)[-4:] == ",250"
    assert len(childutils.get_asctime()) == len("2009-02-13 23:31:30,000")


def test_headers() -> None:
    assert childutils.get_headers("a:1 b:2") == {"a": "1", "b": "2"}
    with pytest.raises(ValueError):
        childutils.get_headers("a")


def test_rpc_interface_reaches_the_daemon_that_the_environment_names(short_tmp: Path) -> None:
    with FakeDaemon(
        short_tmp / "s", {"supervisor.getState": lambda: {"statecode": 1}}, credentials="u:p"
    ) as daemon:
        environ = {
            "SUPERVISOR_SERVER_URL": daemon.url,
            "SUPERVISOR_USERNAME": "u",
            "SUPERVISOR_PASSWORD": "p",
        }
        rpc = childutils.getRPCInterface(environ)
        assert rpc.supervisor.getState() == {"statecode": 1}
        rpc("close")()
    with pytest.raises(KeyError):
        childutils.getRPCInterface({})
