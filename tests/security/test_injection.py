"""What clients and programs write where somebody reads it: logs, terminals, pages.

Tried without the defence: with the name in the log as it is (`name` for `name!r` in `gate.check_password`) the log gets a
line of the attacker's; with `shown` giving its argument back the terminal is cleared; with `error_response` not escaping,
and with `_PAGE` filled with the bare text, the markup is in the page.
"""

import io
from pathlib import Path
from urllib.parse import quote

from support.harm import SECRET, Door, get, post
from vigild.cli.ctl.logs import write
from vigild.fronts.serving.messages import error_response

EVIL = "\r\n2026-01-01 00:00:00,000 INFO all is well\x1b[2J\x1b]0;mine\x07"
MARKUP = "<script>alert(1)</script>\"'"


def test_a_name_does_not_write_lines_of_its_own_into_the_log(short_tmp: Path) -> None:
    door = Door(short_tmp)
    body = f"username={quote(EVIL)}&password=x".encode()
    door.ask(post("/login", body, "Content-Type: application/x-www-form-urlencoded"))
    (line,) = door.log
    assert "all is well" in line
    assert line.isprintable()


def test_a_path_does_not_either(short_tmp: Path) -> None:
    door = Door(short_tmp)
    (answer,) = door.ask(b"GET /\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.status == 400
    assert all(text.isprintable() for text in door.log)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Ctl:
    """As much of supervisorctl as a log is shown with."""

    def __init__(self, stdout: io.StringIO) -> None:
        self.stdout = stdout


def test_what_a_program_writes_is_not_obeyed_by_a_terminal() -> None:
    seen, piped = Terminal(), io.StringIO()
    for stream in (seen, piped):
        write(Ctl(stream), EVIL.encode())  # type: ignore[arg-type]
    assert "\x1b" not in seen.getvalue()
    assert piped.getvalue() == EVIL


def test_markup_is_shown_and_not_run(short_tmp: Path) -> None:
    door = Door(short_tmp)
    door.control.add(MARKUP)
    answers = door.ask(
        get(f"/{quote(MARKUP)}", SECRET),
        get(f"/logtail/{quote(MARKUP)}", SECRET),
        get(f"/login?next=/{quote(MARKUP)}"),
        get(f"/api/v1/processes/{quote(MARKUP, safe='')}", SECRET),
        post("/RPC2", b"x", SECRET, f"Origin: {MARKUP}"),
    )
    for answer in answers:
        if "html" in answer.headers["content-type"]:
            assert b"<script>" not in answer.body
    body = error_response(403, MARKUP).body
    assert isinstance(body, bytes)
    assert b"&lt;script&gt;" in body
