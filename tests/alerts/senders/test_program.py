import json
import os
import time
from pathlib import Path

import pytest

from support.messages import message, receiver
from support.until import DEADLINE_SECONDS, until
from vigild.alerts.senders.dispatch import send
from vigild.alerts.senders.program import needs_shell
from vigild.alerts.sending import Outcome

SECONDS = DEADLINE_SECONDS


def script(directory: Path, text: str) -> str:
    path = directory / "tell"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_command_gets_the_message_as_json(tmp_path: Path) -> None:
    command = script(tmp_path, 'cat > "$1"')
    assert Outcome(True) == send(receiver(f"exec:{command} '{tmp_path}/a file'"), message(), SECONDS)
    told = json.loads((tmp_path / "a file").read_text())
    assert "[db1] web is down" == told["title"]


def test_a_shell_runs_only_what_needs_one(tmp_path: Path) -> None:
    assert not needs_shell("/bin/tell --to a@b 'x y'")
    assert all(map(needs_shell, ("a | b", "A=1 b", "a > b", "a $B")))
    assert send(receiver(f"exec:cat > {tmp_path}/out"), message(), SECONDS).ok
    assert "web" in (tmp_path / "out").read_text()


@pytest.mark.parametrize(
    ("status", "permanent"), [(1, False), (75, False), (64, True), (65, True), (78, True)]
)
def test_what_an_exit_status_means(tmp_path: Path, status: int, permanent: bool) -> None:
    outcome = send(receiver(f"exec:{script(tmp_path, f'echo why >&2; exit {status}')}"), message(), SECONDS)
    assert Outcome(False, permanent, f"it ended with status {status}: why") == outcome


def test_a_command_that_reads_nothing_and_says_much(tmp_path: Path) -> None:
    told = message()
    assert send(receiver(f"exec:{script(tmp_path, 'yes | head -c 3000000; exit 0')}"), told, SECONDS).ok


def test_a_command_that_is_killed(tmp_path: Path) -> None:
    outcome = send(receiver(f"exec:{script(tmp_path, 'kill -9 $$')}"), message(), SECONDS)
    assert Outcome(False, False, "it was ended by signal 9") == outcome


def test_a_command_that_does_not_end_is_killed_with_all_it_started(tmp_path: Path) -> None:
    command = script(tmp_path, f"sleep 300 & echo $! > {tmp_path}/pid; wait")
    begin = time.monotonic()
    outcome = send(receiver(f"exec:{command}"), message(), 2.0)
    assert (False, False) == (outcome.ok, outcome.permanent)
    assert "was killed" in outcome.text
    assert time.monotonic() - begin < SECONDS / 2
    pid = (tmp_path / "pid").read_text().strip()
    until(
        lambda: not os.path.exists(f"/proc/{pid}") or "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    )


def test_a_command_that_is_not_there_or_cannot_be_read() -> None:
    outcome = send(receiver("exec:/nonexistent/tell SECRETWORD"), message(), SECONDS)
    assert Outcome(False, False, "cannot run it: No such file or directory") == outcome
    outcome = send(receiver("exec:tell 'SECRETWORD"), message(), SECONDS)
    assert (False, True) == (outcome.ok, outcome.permanent)
    assert "SECRETWORD" not in outcome.text
