"""Tests of core/edges.py."""

from vigild.core.edges import Edge, EdgeKind, Severity


def _edge(kind: EdgeKind, trouble: str) -> Edge:
    return Edge(1.0, kind, Severity.CRITICAL, "program", "web:web_0", trouble, "words")


def test_beginning_and_end_of_a_trouble_have_one_key() -> None:
    assert _edge(EdgeKind.FATAL, "fatal").key == _edge(EdgeKind.RECOVERED, "fatal").key


def test_two_troubles_of_one_program_have_two_keys() -> None:
    assert _edge(EdgeKind.FATAL, "fatal").key != _edge(EdgeKind.UNHEALTHY, "unhealthy").key
