"""Edges to JSON and back."""

import json

import pytest

from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.history import OutputEnd
from vigild.wire.edges import decode_edge, edge_from_struct, edge_to_struct, encode_edge

PLAIN = Edge(12.5, EdgeKind.DAEMON, Severity.INFO, "daemon", "supervisor", "killed", "naïve 中文")
FULL = Edge(
    1_700_000_000.25,
    EdgeKind.DOWN,
    Severity.CRITICAL,
    "program",
    "web:web_0",
    "down",
    "web:web_0 was killed by SIGSEGV",
    {"signal": "SIGSEGV", "core": True, "ran": 3.5, "before": 2},
    (OutputEnd("stderr", "/var/log/web.log", 2049, 77, 1 << 40), OutputEnd("stdout", "/o", 1, 2, 30, 20)),
    quiet=True,
)


@pytest.mark.parametrize("edge", [PLAIN, FULL])
def test_what_is_written_is_read_again(edge: Edge) -> None:
    assert decode_edge(encode_edge(edge)) == edge
    assert edge_from_struct(json.loads(json.dumps(edge_to_struct(edge)))) == edge


def test_the_words_are_those_that_are_agreed() -> None:
    assert edge_to_struct(FULL) == {
        "at": 1_700_000_000.25,
        "kind": "down",
        "severity": "critical",
        "source": "program",
        "name": "web:web_0",
        "trouble": "down",
        "text": "web:web_0 was killed by SIGSEGV",
        "details": {"signal": "SIGSEGV", "core": True, "ran": 3.5, "before": 2},
        "outputs": [
            {"channel": "stderr", "path": "/var/log/web.log", "device": 2049, "inode": 77, "size": 1 << 40},
            {"channel": "stdout", "path": "/o", "device": 1, "inode": 2, "size": 30, "begin": 20},
        ],
        "quiet": True,
    }
    assert edge_to_struct(PLAIN).keys() == edge_to_struct(FULL).keys() - {"outputs", "quiet"}


def test_what_a_later_version_adds_is_left_out() -> None:
    struct = {**edge_to_struct(PLAIN), "colour": "red", "details": None, "outputs": None, "at": 12}
    assert edge_from_struct(struct) == Edge(
        12.0, PLAIN.kind, PLAIN.severity, "daemon", "supervisor", "killed", PLAIN.text
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "thirsty"}, "'thirsty' is not a valid EdgeKind"),
        ({"severity": 3}, "severity of an edge is no text: 3"),
        ({"at": "now"}, "at of an edge is no number: 'now'"),
        ({"at": True}, "at of an edge is no number: True"),
        ({"name": 5}, "name of an edge is no text: 5"),
        ({"outputs": ["x"]}, "an output that is no object"),
        (
            {"outputs": [{"channel": "stderr", "path": "/x", "device": 1.5}]},
            "device of an edge is no number: 1.5",
        ),
    ],
)
def test_what_is_of_no_use_is_an_error(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        edge_from_struct({**edge_to_struct(PLAIN), **changes})


@pytest.mark.parametrize("missing", ["at", "kind", "severity", "source", "name", "trouble", "text"])
def test_what_is_missing_is_named(missing: str) -> None:
    struct = edge_to_struct(PLAIN)
    del struct[missing]
    with pytest.raises(ValueError, match=f"an edge without {missing}"):
        edge_from_struct(struct)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"{}"])
def test_bytes_that_are_no_edge(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode_edge(data)
