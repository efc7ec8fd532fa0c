"""Pages of other sites act with their reader's rights: CSRF, DNS rebinding, and frames.

Tried without the defence: with `cross_site` answering "" the forged requests stop the program; with `foreign_host`
answering "" the rebound page reads and stops; without `with_default_headers` the headers are missing.
"""

from pathlib import Path

import pytest

from support.harm import SECRET, STOP, Door, get, post
from vigild.fronts.serving.gate import Rules

XML = "Content-Type: text/xml"
FORGED = [
    ("Sec-Fetch-Site: cross-site",),
    ("Sec-Fetch-Site: same-site",),
    ("Origin: https://evil.example",),
    ("Origin: null",),
    ("Origin: http://127.0.0.1:9002",),
    ("Sec-Fetch-Site: cross-site", "Origin: http://127.0.0.1:9001"),
]


@pytest.mark.parametrize("headers", FORGED)
@pytest.mark.parametrize("path", ["/RPC2", "/api/v1/processes/cat/stop", "/login", "/logout"])
def test_a_forged_request_does_nothing(short_tmp: Path, path: str, headers: tuple[str, ...]) -> None:
    door = Door(short_tmp)
    (answer,) = door.ask(post(path, STOP, SECRET, "Content-Type: text/plain", *headers))
    assert (answer.status, door.orders) == (403, [])


@pytest.mark.parametrize(
    "headers",
    [(), ("Sec-Fetch-Site: same-origin",), ("Sec-Fetch-Site: none",), ("Origin: http://127.0.0.1:9001",)],
)
def test_programs_and_our_own_pages_pass(short_tmp: Path, headers: tuple[str, ...]) -> None:
    door = Door(short_tmp)
    (answer,) = door.ask(post("/RPC2", STOP, SECRET, XML, *headers))
    assert (answer.status, door.orders) == (200, ["stop"])


@pytest.mark.parametrize("host", ["evil.example:9001", "127.0.0.1.evil.example", "127.evil.example", "x"])
def test_a_rebound_name_reaches_nothing_where_nobody_is_asked(short_tmp: Path, host: str) -> None:
    door = Door(short_tmp)
    door.gate.rules = Rules(own_names=("box",))
    answers = door.ask(
        get("/logtail/cat", f"Host: {host}"),
        post("/RPC2", STOP, XML, f"Host: {host}", f"Origin: http://{host}"),
    )
    assert ([answer.status for answer in answers], door.orders) == ([403, 403], [])
    assert b"allowed_hosts=" in answers[0].body
    (own,) = door.ask(post("/RPC2", STOP, XML, "Host: box:9001"))
    assert own.status == 200


def test_no_page_is_shown_in_a_frame_or_taken_for_something_else(short_tmp: Path) -> None:
    door = Door(short_tmp)
    pages = (
        get("/"),
        get("/", SECRET),
        get("/nowhere", SECRET),
        get("/login"),
        get("/api/v1/processes", SECRET),
    )
    for answer in door.ask(*pages, post("/RPC2", STOP, SECRET, XML), b"nonsense\r\n\r\n"):
        headers = answer.headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
