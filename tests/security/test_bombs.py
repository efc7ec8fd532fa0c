"""Small requests that would become large.

Tried without the defence: with `MAX_DEPTH` of `wire/xmlrpc.py` at a million the nested array is taken; whatever is compressed is
never unpacked, so there is nothing to take away.
"""

import gzip
from pathlib import Path

import pytest

from support.harm import SECRET, Door, post

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<methodCall><methodName>&b;</methodName></methodCall>"
)
NESTED = (
    b"<methodCall><methodName>supervisor.getPID</methodName><params><param>"
    + b"<value><array><data>" * 5000
    + b"</data></array></value>" * 5000
    + b"</param></params></methodCall>"
)
PACKED = gzip.compress(b" " * (64 << 20))


@pytest.mark.parametrize("body", [LAUGHS, NESTED])
def test_documents_that_grow_are_refused(short_tmp: Path, body: bytes) -> None:
    door = Door(short_tmp)
    assert door.ask(post("/RPC2", body, SECRET, "Content-Type: text/xml"))[0].status in (400, 413)


@pytest.mark.parametrize("path", ["/RPC2", "/api/v1/processes/cat/stop"])
def test_what_is_compressed_is_not_unpacked(short_tmp: Path, path: str) -> None:
    door = Door(short_tmp)
    headers = SECRET, "Content-Encoding: gzip", "Content-Type: application/json"
    (answer,) = door.ask(post(path, PACKED, *headers))
    assert (answer.status in (400, 415, 422), door.orders) == (True, [])


def test_deep_json_is_refused(short_tmp: Path) -> None:
    door = Door(short_tmp)
    (answer,) = door.ask(
        post("/api/v1/processes/cat/stop", b"[" * 200_000, SECRET, "Content-Type: application/json")
    )
    assert (answer.status, door.orders) == (400, [])
    assert door.ask(post("/login", b"[" * 200_000, "Content-Type: application/json"))[0].status == 400
