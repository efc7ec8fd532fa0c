import pytest

from vigild.core.alert_filter import Filter, matches_name
from vigild.core.edges import Edge, EdgeKind, Severity


def edge(
    kind: EdgeKind = EdgeKind.DOWN,
    severity: Severity = Severity.CRITICAL,
    source: str = "program",
    name: str = "web",
) -> Edge:
    return Edge(1.0, kind, severity, source, name, kind.value, "words")


@pytest.mark.parametrize(
    ("events", "begun", "is_told", "is_end_told"),
    [
        (("critical", "warning", "recovered"), edge(), True, True),
        (("critical", "warning", "recovered"), edge(severity=Severity.INFO), False, True),
        (("fatal",), edge(EdgeKind.FATAL), True, False),
        (("fatal",), edge(EdgeKind.DOWN), False, False),
        (("*", "!down"), edge(EdgeKind.DOWN), False, True),
        (("!down",), edge(EdgeKind.FATAL), True, True),
        (("!recovered",), edge(EdgeKind.FATAL), True, False),
        (("critical", "!rule"), edge(EdgeKind.RULE), False, False),
        (("f*",), edge(EdgeKind.FLAPPING), True, False),
        (("fatal",), edge(EdgeKind.TEST), True, True),
    ],
)
def test_events(events: tuple[str, ...], begun: Edge, is_told: bool, is_end_told: bool) -> None:
    assert (is_told, is_end_told) == (Filter(events).begins(begun), Filter(events).tells_ends(begun))


@pytest.mark.parametrize(
    ("filter_", "begun", "is_told"),
    [
        (Filter(), edge(source="daemon", name=""), True),
        (Filter(programs=("web",)), edge(), True),
        (Filter(programs=("web",)), edge(name="db"), False),
        (Filter(programs=("web",)), edge(source="listener"), True),
        (Filter(programs=("web",)), edge(source="monitor"), False),
        (Filter(programs=("*",)), edge(source="daemon", name=""), False),
        (Filter(monitors=("w*",)), edge(source="monitor"), True),
        (Filter(monitors=("w*",)), edge(), False),
        (Filter(programs=("x",)), edge(EdgeKind.TEST), True),
    ],
)
def test_whom_it_is_about(filter_: Filter, begun: Edge, is_told: bool) -> None:
    assert is_told == filter_.begins(begun)


def test_a_name_without_a_colon_stands_for_the_group() -> None:
    assert matches_name(("web",), "web:one")
    assert matches_name(("web:*",), "web:one")
    assert not matches_name(("one",), "web:one")
    assert not matches_name((), "web")
