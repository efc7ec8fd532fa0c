import pytest

from vigild.core.backlog import Backlog
from vigild.core.forwarding import (
    DELIVERED,
    MAX_ASKED_SECONDS,
    MAX_DELAY_SECONDS,
    Course,
    Outcome,
    Tally,
    Verdict,
    delay_seconds,
)
from vigild.core.output_lines import Block, Source

SOURCE = Source("a", "a", "a", "stdout", 1)
WALL = 1_700_000_000.0


def course(*lines: str, batch_max_bytes: int = 1000) -> Course:
    made = Course(Backlog(10_000), 1.0, batch_max_bytes)
    for line in lines:
        made.backlog.put(Block(SOURCE, 1, line.encode(), 1, 100.0))
    return made


def over(made: Course, outcome: Outcome, now: float = 100.0) -> list[bytes]:
    batch = made.next()
    made.over(outcome, now, WALL, 0.5)
    return [block.data for block in batch.blocks]


def test_a_batch_waits_for_its_time() -> None:
    assert course().wait_seconds(5.0) is None
    made = course("a")
    assert 1.0 == made.wait_seconds(100.0)
    assert 0.25 == made.wait_seconds(100.75)
    assert 0.0 == made.wait_seconds(103.0)


def test_a_full_batch_waits_for_nothing() -> None:
    made = course("a" * 600)
    assert not made.is_full
    assert 1.0 == made.wait_seconds(100.0)
    made.backlog.put(Block(SOURCE, 1, b"b" * 600, 1, 100.0))
    assert made.is_full
    assert 0.0 == made.wait_seconds(100.0)


def test_what_arrived_is_counted() -> None:
    made = course("a", "bb")
    assert [b"a", b"bb"] == over(made, DELIVERED)
    assert Tally(2, 5, 1, 0) == made.tally
    assert (0.0, "") == (made.failing_since, made.error)
    assert made.wait_seconds(100.0) is None


def test_what_failed_is_tried_again_later_each_time() -> None:
    made = course("a")
    waits = []
    for now in (100.0, 200.0, 300.0):
        over(made, Outcome(Verdict.LATER, "refused"), now)
        waits.append(made.wait_seconds(now))
    assert [1.0, 2.0, 4.0] == waits
    assert (WALL, "refused") == (made.failing_since, made.error)
    over(made, DELIVERED, 400.0)
    assert (0.0, "") == (made.failing_since, made.error)
    made.backlog.put(Block(SOURCE, 1, b"b", 1, 399.0))
    assert 0.0 == made.wait_seconds(400.0)


def test_what_a_receiver_took_before_it_failed_does_not_come_again() -> None:
    made = course("a", "b", "c")
    over(made, Outcome(Verdict.LATER, "", taken_lines=2))
    assert (2, 4, 0, 1) == (
        made.tally.sent_lines,
        made.tally.sent_bytes,
        made.tally.sent_batches,
        made.backlog.lines,
    )
    assert "it failed" == made.error
    over(made, Outcome(Verdict.LATER, "x"), 200.0)
    over(made, Outcome(Verdict.LATER, "x", taken_lines=0), 300.0)
    assert 4.0 == made.wait_seconds(300.0)


def test_a_batch_that_is_too_large_comes_in_smaller_ones() -> None:
    made = course("a" * 99, "b" * 99, "c" * 99, "d" * 99)
    assert 4 == len(over(made, Outcome(Verdict.TOO_LARGE)))
    assert 0.0 == made.wait_seconds(100.0)
    assert (0.0, 0) == (made.failing_since, made.tally.refused_lines)
    assert 2 == len(over(made, DELIVERED))
    assert 2 == len(over(made, DELIVERED))
    assert 4 == made.tally.sent_lines


def test_a_line_that_is_too_large_by_itself_is_refused() -> None:
    made = course("a" * 99, "b")
    over(made, Outcome(Verdict.TOO_LARGE))
    assert [b"a" * 99] == over(made, Outcome(Verdict.TOO_LARGE, "too large"))
    assert (1, "too large", WALL) == (made.tally.refused_lines, made.error, made.failing_since)
    assert [b"b"] == over(made, DELIVERED)
    assert "" == made.error


def test_after_a_success_batches_grow_again() -> None:
    made = course(*("x" * 99 for _ in range(10)))
    over(made, Outcome(Verdict.TOO_LARGE))
    assert 5 == len(over(made, DELIVERED))
    for _ in range(20):
        made.backlog.put(Block(SOURCE, 1, b"y" * 99, 1, 100.0))
        over(made, DELIVERED)
    for _ in range(10):
        made.backlog.put(Block(SOURCE, 1, b"y" * 99, 1, 100.0))
    assert 10 == len(over(made, DELIVERED))


def test_what_is_refused_does_not_come_again() -> None:
    made = course("a", "b")
    over(made, Outcome(Verdict.REFUSED, "no"))
    assert (2, 0, "no") == (made.tally.refused_lines, made.backlog.lines, made.error)
    assert made.wait_seconds(100.0) is None


def test_some_lines_of_a_batch_may_be_refused() -> None:
    made = course("a", "b", "c")
    over(made, Outcome(Verdict.DELIVERED, "one is bad", refused_lines=1))
    assert (2, 1, "one is bad", WALL) == (
        made.tally.sent_lines,
        made.tally.refused_lines,
        made.error,
        made.failing_since,
    )


def test_at_the_end_nothing_is_waited_for() -> None:
    made = course("a")
    over(made, Outcome(Verdict.LATER))
    made.hurry()
    assert 0.0 == made.wait_seconds(100.0)


def test_at_the_end_one_that_fails_is_tried_once_more() -> None:
    made = course("a", "b")
    over(made, Outcome(Verdict.LATER))
    assert made.is_failing
    made.hurry()
    over(made, Outcome(Verdict.LATER))
    assert made.wait_seconds(100.0) is None
    assert [b"a", b"b"] == [block.data for block in made.left]
    made.let_go()
    assert ([], 0, 0, 0) == (made.left, made.backlog.lines, made.backlog.bytes, made.backlog.weight)


def test_at_the_end_one_that_was_well_is_tried_twice_and_while_it_takes_some_on() -> None:
    made = course("a", "b", "c")
    made.hurry()
    for outcome in (Outcome(Verdict.LATER, taken_lines=1), Outcome(Verdict.LATER, taken_lines=1)):
        over(made, outcome)
        assert 0.0 == made.wait_seconds(100.0)
    over(made, Outcome(Verdict.LATER))
    assert 0.0 == made.wait_seconds(100.0)
    made.next()
    assert [b"c"] == [block.data for block in made.left]
    made.over(Outcome(Verdict.LATER), 100.0, WALL, 0.5)
    assert made.wait_seconds(100.0) is None


def test_a_receiver_that_finds_everything_too_large_is_not_flooded() -> None:
    made = course(*("x" * 99 for _ in range(8)))
    now, tries = 101.0, []
    for _ in range(6):
        wait = made.wait_seconds(now)
        assert wait is not None
        now += wait
        tries.append((len(over(made, Outcome(Verdict.TOO_LARGE, "413"), now)), wait))
    assert [(8, 0.0), (4, 0.0), (2, 0.0), (1, 0.0), (1, 1.0), (1, 2.0)] == tries
    assert (3, 5) == (made.tally.refused_lines, made.backlog.lines)
    made.hurry()
    over(made, Outcome(Verdict.TOO_LARGE, "413"), now)
    assert made.wait_seconds(now) is None
    assert 4 == made.backlog.lines


def test_another_receiver_is_tried_at_once() -> None:
    made = course("a")
    over(made, Outcome(Verdict.LATER))
    made.configure(0.5, 10)
    assert 0.0 == made.wait_seconds(100.5)
    assert 0.5 == made.wait_seconds(100.0)


@pytest.mark.parametrize(
    ("failures", "chance", "asked", "expected"),
    [
        (1, 0.0, 0.0, 0.8),
        (1, 1.0, 0.0, 1.2),
        (100, 0.5, 0.0, MAX_DELAY_SECONDS),
        (1, 0.5, 30.0, 30.0),
        (9, 0.5, 30.0, MAX_DELAY_SECONDS),
        (1, 0.5, 1e9, MAX_ASKED_SECONDS),
    ],
)
def test_delays(failures: int, chance: float, asked: float, expected: float) -> None:
    assert expected == pytest.approx(delay_seconds(failures, chance, asked))
