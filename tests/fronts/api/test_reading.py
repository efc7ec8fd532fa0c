"""What a client sends is checked before anything else sees it."""

from pathlib import Path

import pytest

from support.api import Api
from support.fakes import group, program
from vigild.fronts.api.reading import MAX_BODY_BYTES, MAX_DEPTH, split_path


@pytest.mark.parametrize(
    "query",
    [
        "x=1",
        "state=NOPE",
        "group=a&group=b",
        "name=web",
        f"group={'x' * 300}",
    ],
)
def test_queries_that_are_refused(tmp_path: Path, query: str) -> None:
    reply = Api(tmp_path, group(program("web"))).ask("GET", f"/processes?{query}")
    assert (400, "invalid_argument") == (reply.status, reply.code)


@pytest.mark.parametrize(
    "query",
    [
        "limit=x",
        "limit=0",
        "limit=1001",
        "limit=1.0",
        "limit=",
        "limit=%C2%B2",
        "since=nan",
        "since=inf",
        "since=-1",
        "since=1_0",
        "output=yes",
        "output",
    ],
)
def test_numbers_and_flags_that_are_refused(tmp_path: Path, query: str) -> None:
    assert Api(tmp_path, group(program("web"))).ask("GET", f"/history?{query}").code == "invalid_argument"


def test_what_is_understood(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    api.ask("GET", "/history?limit=7&since=1.5&output=true&name=we%62&kinds=state,exit")
    (asked,) = api.keeper.asked
    assert ("web", 1.5, 7, True, ("state", "exit")) == (
        asked.name,
        asked.since,
        asked.limit,
        asked.with_output,
        asked.kinds,
    )


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed"),
        (b"\xff", "malformed"),
        (b'{"signal": NaN}', "malformed"),
        (b'{"signal": "HUP", "signal": "TERM"}', "malformed"),
        (b"[" * 5000 + b"]" * 5000, "malformed"),
        (b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), "malformed"),
        (b"9" * 5000, "malformed"),
        (b"[]", "invalid_argument"),
        (b"", "invalid_argument"),
        (b"{}", "invalid_argument"),
        (b'{"signal": 1}', "invalid_argument"),
        (b'{"signal": ""}', "invalid_argument"),
        (b'{"signal": "HUP", "more": 1}', "invalid_argument"),
        (b" " * (MAX_BODY_BYTES + 1), "body_too_large"),
    ],
)
def test_bodies_that_are_refused(tmp_path: Path, body: bytes, code: str) -> None:
    api = Api(tmp_path, group(program("web", start_seconds=0)))
    assert api.ask("POST", "/processes/web/signal", body).code == code
    assert api.world.children.kills == []


def test_paths_are_split_before_they_are_decoded() -> None:
    assert ["processes", "a/b", ""] == split_path("/processes/a%2Fb/?x=/y")
