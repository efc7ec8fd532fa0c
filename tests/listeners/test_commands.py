"""Commands run without a shell unless they need one, and say what went wrong."""

import os
import signal
import time
from pathlib import Path

import pytest

from vigild.listeners.commands import needs_shell, run
from vigild.listeners.offshoot import WorkError


@pytest.mark.parametrize(
    ("command", "shell"),
    [
        ("/usr/sbin/sendmail -t -i", False),
        ("/usr/sbin/sendmail -t -i -f 'Me Myself' \"you\"", False),
        ("tee /tmp/x | sendmail", True),
        ("LANG=C sendmail", True),
        ("sendmail -f $USER", True),
        ("~/bin/mail", True),
        ("", False),
    ],
)
def test_who_needs_a_shell(command: str, shell: bool) -> None:
    assert shell == needs_shell(command)


def test_without_a_shell_arguments_stay_what_they_are() -> None:
    assert "a b|$HOME;\n" == run("printf '%s\\n'", ["a b|$HOME;"])


def test_with_a_shell_added_arguments_are_quoted() -> None:
    assert "x; false\n" == run("true && echo", ["x; false"])


def test_stdin_and_environment_arrive() -> None:
    assert "mail text here" == run(
        "sh -c 'cat; echo -n \" $WHERE\"'", stdin=b"mail text", environment={"WHERE": "here"}
    )


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/no/such/mailer -t", "cannot run '/no/such/mailer': No such file or directory"),
        ("sh -c 'echo why not >&2; exit 3'", "'sh' ended with status 3: why not"),
        ("cat 'unclosed", "cannot read the command"),
        ("", "no command was given"),
    ],
)
def test_what_went_wrong_is_said(command: str, words: str) -> None:
    with pytest.raises(WorkError) as caught:
        run(command)
    assert words in str(caught.value)


def test_a_mailer_that_reads_nothing_and_succeeds_has_succeeded() -> None:
    assert "" == run("true", stdin=b"x" * 1_000_000)


def test_a_warning_of_a_command_that_succeeds_is_shown(
    capfd: pytest.CaptureFixture[str], short_tmp: Path
) -> None:
    script = short_tmp / "mailer"
    script.write_text("#!/bin/sh\necho careful >&2\n")
    os.chmod(script, 0o755)
    run(str(script))
    assert "careful\n" == capfd.readouterr().err


def test_the_signal_that_ended_a_command_is_said(short_tmp: Path) -> None:
    script = short_tmp / "mailer"
    script.write_text("#!/bin/sh\nkill -9 $$\n")
    os.chmod(script, 0o755)
    with pytest.raises(WorkError, match=r"was ended by signal 9$"):
        run(str(script))


def test_what_a_command_leaves_in_the_background_is_not_waited_for() -> None:
    begin = time.monotonic()
    pid = int(run("sh -c 'sleep 1000 & echo $!'"))
    os.kill(pid, signal.SIGKILL)
    assert 500 > time.monotonic() - begin
