"""The loop of a listener: pipes for a daemon, a Postman that sends, fails, and tries again."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.until import DEADLINE_SECONDS, until
from vigild.listeners import runner
from vigild.listeners.delivery import Route
from vigild.listeners.effects import Mail, Say, Send
from vigild.listeners.protocol import Event
from vigild.listeners.runner import Postman, own_namespec

TICK = b"ver:3.0 server:supervisor serial:1 pool:p poolserial:1 eventname:TICK_5 len:6\nwhen:1"
CRASH_FACTS = "processname:web groupname:web from_state:RUNNING expected:0 pid:77"
CRASH = f"ver:3.0 server:s serial:2 pool:p poolserial:2 eventname:PROCESS_STATE_EXITED len:{len(CRASH_FACTS)}\n{CRASH_FACTS}".encode()
BAD_ROUTE = Route(sendmail="/no/such/mailer")


def letter(subject: str = "S") -> Mail:
    return Mail(("a@example.invalid",), subject, "body", receipt="gone\n")


def talk(data: bytes, postman: Postman) -> tuple[list[Event], bytes]:
    """What a listener sees and answers when the daemon sends this and closes."""
    events_read, events_write = os.pipe()
    answers_read, answers_write = os.pipe()
    seen: list[Event] = []
    os.write(events_write, data)
    os.close(events_write)
    before = signal.getsignal(signal.SIGTERM)
    try:
        runner.serve(seen.append, postman, events_read, answers_write)
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(events_read)
        os.close(answers_write)
        with os.fdopen(answers_read, "rb") as file:
            answers = file.read()
    return seen, answers


def test_each_event_is_answered() -> None:
    seen, answers = talk(TICK + CRASH, Postman("tool", Route()))
    assert ["TICK_5", "PROCESS_STATE_EXITED"] == [event.name for event in seen]
    assert b"READY\n" + b"RESULT 2\nOKREADY\n" * 2 == answers


def test_nonsense_ends_it_with_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        talk(b"nonsense\n", Postman("tool", Route()))
    assert 1 == caught.value.code
    assert "cannot follow the daemon" in capsys.readouterr().err


def test_what_is_sent_is_said_after_it_has_gone(capfd: pytest.CaptureFixture[str], short_tmp: Path) -> None:
    out = short_tmp / "mail"
    postman = Postman("tool", Route(sendmail=f"dd status=none of={out}"))
    postman.perform([Say("first\n"), Send(letter())])
    assert "To: a@example.invalid\nSubject: S\n\nbody" == out.read_text()
    assert ("", "first\ngone\n") == capfd.readouterr()


def test_what_was_not_sent_is_kept_tried_again_and_told(
    capfd: pytest.CaptureFixture[str], short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(runner.time, "monotonic", lambda: now)
    monkeypatch.setattr(runner, "in_child", lambda work, _: _direct(work))
    mailer = short_tmp / "mailer"
    postman = Postman("tool", Route(sendmail=str(mailer)))
    postman.send(letter("one"))
    postman.send(letter("two"))
    words = capfd.readouterr().err
    assert f"Error sending email: cannot run '{mailer}': No such file or directory\n" in words
    assert "tool: the mail 'one' to a@example.invalid is kept and tried again in 30 s\n" in words
    assert "tool: 2 mails wait, next try in 30 s\n" in words
    mailer.write_text(f"#!/bin/sh\ncat >> {short_tmp}/sent\n")
    mailer.chmod(0o755)
    now = 1029.0
    postman.try_due()
    assert not (short_tmp / "sent").exists()
    now = 1030.0
    postman.try_due()
    assert 2 == (short_tmp / "sent").read_text().count("body")
    assert postman.due_in() is None


def _direct(work):  # type: ignore[no-untyped-def]
    from vigild.listeners.offshoot import Outcome, WorkError

    try:
        return Outcome(work())
    except WorkError as error:
        return Outcome(error=str(error), permanent=error.permanent)


def test_what_is_refused_for_good_is_not_tried_again(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from vigild.listeners.offshoot import Outcome

    monkeypatch.setattr(runner, "in_child", lambda *_: Outcome(error="550 unknown", permanent=True))
    postman = Postman("tool", Route())
    postman.send(letter())
    assert postman.due_in() is None
    assert "refused for good" in capfd.readouterr().err


def test_at_the_end_each_unsent_mail_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    postman = Postman("tool", BAD_ROUTE)
    postman.send(letter("one"))
    postman.close()
    assert "tool: ends with this mail unsent: the mail 'one' to a@example.invalid\n" in capfd.readouterr().err


def test_terminated_while_a_mail_waits_it_tries_once_more_and_still_ends_by_the_signal(
    short_tmp: Path,
) -> None:
    mailer, log = short_tmp / "mailer", short_tmp / "log"
    command = [
        sys.executable,
        "-m",
        "vigild.listeners.crashmail",
        "-m",
        "a@example.invalid",
        "-s",
        str(mailer),
    ]
    environment = {**os.environ, "SUPERVISOR_SERVER_URL": "unix:///nowhere"}
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
    with process:
        assert process.stdin is not None
        process.stdin.write(CRASH)
        process.stdin.flush()
        until(lambda: "tried again" in log.read_text())
        mailer.write_text(f"#!/bin/sh\ncat > {short_tmp}/sent\n")
        mailer.chmod(0o755)
        process.terminate()
        process.communicate(timeout=DEADLINE_SECONDS)
    assert -signal.SIGTERM == process.returncode
    assert "web crashed at" in (short_tmp / "sent").read_text()


def test_what_waits_is_tried_again_while_nothing_happens(short_tmp: Path) -> None:
    mailer, log = short_tmp / "mailer", short_tmp / "log"
    code = (
        "import sys; from vigild.listeners import crashmail, outbox; outbox.FIRST_DELAY_SECONDS = 0.1; "
        "sys.exit(crashmail.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "-m", "a@example.invalid", "-s", str(mailer)]
    environment = {**os.environ, "SUPERVISOR_SERVER_URL": "unix:///nowhere"}
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
    with process:
        assert process.stdin is not None
        process.stdin.write(CRASH)
        process.stdin.flush()
        until(lambda: "tried again" in log.read_text())
        mailer.write_text(f"#!/bin/sh\ncat > {short_tmp}/sent\n")
        mailer.chmod(0o755)
        until(lambda: "Mailed:" in log.read_text())
        process.stdin.close()
        assert 0 == process.wait(DEADLINE_SECONDS)
    assert "web crashed at" in (short_tmp / "sent").read_text()


def test_a_listener_stays_small() -> None:
    command = [sys.executable, "-c", "import sys, vigild.listeners.httpok; print(*sorted(sys.modules))"]
    loaded = set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    assert set() == loaded & {"dataclasses", "inspect", "ssl", "email", "subprocess", "smtplib", "http", "argparse", "json", "asyncio", "logging"}  # fmt: skip


def test_who_we_are() -> None:
    assert "a:b" == own_namespec({"SUPERVISOR_PROCESS_NAME": "b", "SUPERVISOR_GROUP_NAME": "a"})
    assert ("b", "") == (own_namespec({"SUPERVISOR_PROCESS_NAME": "b"}), own_namespec({}))
