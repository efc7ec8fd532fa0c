"""The shell: completion, Ctrl-C, passwords; on a terminal, history."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cli.ctl.conftest import Desk
from support.fake_daemon import FakeDaemon
from support.until import until
from vigild.cli.ctl.shell import Completer, run_shell


@pytest.mark.parametrize(
    ("line", "text", "expected"),
    [
        ("", "", 23),
        ("sta", "sta", ["start ", "status "]),
        ("help s", "s", ["shutdown ", "signal ", "start ", "status ", "stop "]),
        ("start c", "c", ["cat "]),
        ("start ", "w", ["web:web_00 ", "web:* ", "web:web_01 "]),
        ("stop cat:", "cat:", ["cat:cat ", "cat:* "]),
        ("update p", "p", ["pair "]),
        ("avail x", "x", []),
    ],
)
def test_completes(desk: Desk, line: str, text: str, expected: list[str] | int) -> None:
    candidates = Completer(desk.ctl).candidates(line, text)
    assert expected == (len(candidates) if isinstance(expected, int) else candidates)


def test_daemon_is_asked_once_a_line(desk: Desk) -> None:
    completer = Completer(desk.ctl)
    for _ in range(3):
        completer.candidates("start c", "c")
    assert len(desk.daemon.named("supervisor.getAllProcessInfo")) == 1
    completer.forget()
    completer.candidates("start c", "c")
    assert len(desk.daemon.named("supervisor.getAllProcessInfo")) == 2


def test_completion_without_a_daemon_is_empty(desk: Desk) -> None:
    desk.ctl.options.server_url = "unix:///nowhere/s"
    assert Completer(desk.ctl).candidates("start c", "c") == []


def test_interrupt_of_an_action_returns_to_the_prompt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = iter(["start one", "pid"])

    def answer(prompt: str = "") -> str:
        line = next(lines, None)
        if line is None:
            raise KeyboardInterrupt  # at the prompt: leaves the shell
        return line

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr(desk.ctl.supervisor, "start", interrupt)
    run_shell(desk.ctl)
    assert desk.out.getvalue().endswith("\n4711\n\n")


def test_password_is_asked_for_and_the_line_repeated(
    short_tmp: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeDaemon(short_tmp / "locked", desk.daemon.methods, credentials="me:secret") as locked:
        desk.ctl.options.server_url = locked.url
        assert desk.say("version") == "Server requires authentication\n"
        assert desk.ctl.exit_status == 1
        desk.ctl.options.interactive = True
        monkeypatch.setattr("builtins.input", lambda prompt="": "me")
        monkeypatch.setattr("getpass.getpass", lambda prompt="": "secret")
        assert desk.say("version") == "Server requires authentication\n\n4.3.0\n"
        assert "secret" not in desk.out.getvalue() + desk.err.getvalue()
        desk.ctl.disconnect()


@pytest.mark.slow
def test_on_a_terminal_tab_completes_and_lines_are_remembered(daemon: FakeDaemon, short_tmp: Path) -> None:
    history = short_tmp / "history"
    config = short_tmp / "s.conf"
    config.write_text(f"[supervisorctl]\nserverurl={daemon.url}\nhistory_file={history}\nprompt=me\n")
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "vigild.classic.supervisorctl", "-c", str(config)]
    environment = {**os.environ, "TERM": "dumb", "PYTHONPATH": "src"}
    process = subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment)
    os.close(follower)
    os.set_blocking(leader, False)
    seen = b""

    def shows(what: bytes) -> bool:
        nonlocal seen
        try:
            seen += os.read(leader, 65536)
        except (BlockingIOError, OSError):
            pass
        return what in seen

    try:
        until(lambda: shows(b"me> "), what="the prompt")
        os.write(leader, b"vers\t\n")
        until(lambda: shows(b"4.3.0"), what="the completed line's answer")
        os.write(leader, b"quit\n")
        until(lambda: process.poll() is not None, what="the shell to end")
    finally:
        process.kill()
        process.wait()
        os.close(leader)
    assert process.returncode == 0
    assert history.read_text().splitlines()[-2:] == ["version ", "quit"]
