from dataclasses import replace

from vigild.core.digest import Digest, Telling, rank
from vigild.core.edges import Edge, EdgeKind, Severity


def telling(severity: Severity, *, ended: float = 0.0, was_told: bool = False) -> Telling:
    edge = Edge(1.0, EdgeKind.DOWN, severity, "program", "web", "down", "web ended")
    return Telling(edge, 1.0, ended=ended, was_told=was_told)


def digest(*tellings: Telling) -> Digest:
    return Digest("ops", "id", 2.0, tellings)


def test_a_digest_is_as_severe_as_the_worst_trouble_that_lasts() -> None:
    over = telling(Severity.CRITICAL, ended=2.0, was_told=True)
    assert Severity.WARNING is digest(telling(Severity.INFO), over, telling(Severity.WARNING)).severity


def test_ends_alone_are_no_cause_for_alarm() -> None:
    assert Severity.INFO is digest(telling(Severity.CRITICAL, ended=2.0, was_told=True)).severity
    assert Severity.INFO is digest().severity


def test_a_trouble_told_only_when_it_was_over_keeps_its_severity() -> None:
    assert Severity.CRITICAL is digest(telling(Severity.CRITICAL, ended=2.0)).severity


def test_the_worst_ranks_first() -> None:
    assert [Severity.CRITICAL, Severity.WARNING, Severity.INFO] == sorted(Severity, key=rank)


def test_a_line_says_whose_trouble_it_is() -> None:
    down = telling(Severity.WARNING)
    assert down.line == "web ended"
    monitor = replace(down, edge=replace(down.edge, kind=EdgeKind.MONITOR, text="connection refused"))
    assert monitor.line == "web: connection refused"
    assert replace(monitor, end_text="web answers").line == "web answers"
