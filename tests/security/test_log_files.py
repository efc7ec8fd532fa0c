"""Logs are served by the name of a process, and what is not a log is not served.

Tried without the defence: with a plain `open` in `control.logs.open_log` the link of the test is followed and the secret is
in the answer; a path of its own, or `..`, never becomes the name of a file at all.
"""

import os
from pathlib import Path

import pytest

from support.harm import SECRET, Door, get, post
from vigild.wire.xmlrpc import encode_call


@pytest.mark.parametrize(
    "path",
    [
        "/logtail/../../etc/passwd",
        "/logtail/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/logtail//etc/passwd",
        "/logtail/cat/../secret",
        "/logtail/cat/stdout/../../secret",
        "/logtail/cat%00",
        "/api/v1/processes/..%2f..%2fetc%2fpasswd/logs",
        "/mainlogtail/../secret",
    ],
)
def test_no_path_leaves_the_model(short_tmp: Path, path: str) -> None:
    door = Door(short_tmp)
    (short_tmp / "secret").write_text("hunter2")
    (answer,) = door.ask(get(path, SECRET))
    assert answer.status in (400, 404)
    assert b"hunter2" not in answer.body
    assert b"root:" not in answer.body


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link of somebody else's")
def test_a_link_that_a_program_put_in_the_place_of_its_log_is_not_followed(short_tmp: Path) -> None:
    door = Door(short_tmp)
    (short_tmp / "secret").write_text("hunter2")
    log = door.control.fakes[0].log
    assert log is not None
    log.unlink()
    log.symlink_to(short_tmp / "secret")
    os.chown(log, 65534, 65534, follow_symlinks=False)
    tail, read = door.ask(get("/logtail/cat", SECRET), get("/api/v1/processes/cat/logs/stdout", SECRET))
    assert (tail.status, read.status) == (404, 404)
    assert b"hunter2" not in tail.body + read.body


def test_a_fifo_in_the_place_of_a_log_holds_nobody_up(short_tmp: Path) -> None:
    door = Door(short_tmp)
    log = door.control.fakes[0].log
    assert log is not None
    log.unlink()
    os.mkfifo(log)
    body = encode_call("supervisor.getPID")
    assert [
        answer.status for answer in door.ask(get("/logtail/cat", SECRET), post("/RPC2", body, SECRET))
    ] == [404, 200]
