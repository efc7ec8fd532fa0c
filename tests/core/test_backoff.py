"""Whoever guesses waits."""

import pytest

from vigild.core.backoff import FORGET_SECONDS, FREE_FAILURES, MAX_SOURCES, Backoff, source_of


def test_each_failure_doubles_the_wait_up_to_a_minute() -> None:
    backoff = Backoff()
    waits = []
    for _ in range(FREE_FAILURES + 8):
        backoff.failed("a", 100.0)
        waits.append(backoff.wait_seconds("a", 100.0))
    assert waits == [0.0] * (FREE_FAILURES - 1) + [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    assert backoff.wait_seconds("b", 100.0) == 0.0
    assert backoff.wait_seconds("a", 130.0) == 30.0
    assert backoff.wait_seconds("a", 161.0) == 0.0


def test_success_and_time_forget() -> None:
    backoff = Backoff()
    for _ in range(9):
        backoff.failed("a", 0.0)
        backoff.failed("b", 0.0)
    assert [backoff.failures(source, FORGET_SECONDS) for source in ("a", "never seen")] == [9, 0]
    backoff.succeeded("a")
    backoff.succeeded("never seen")
    assert backoff.wait_seconds("a", 0.0) == 0.0
    assert [backoff.failures(source, FORGET_SECONDS + 1) for source in ("a", "b")] == [0, 0]
    assert backoff.failed("b", FORGET_SECONDS + 1) == 1


def test_the_table_is_bounded_and_says_what_it_forgot() -> None:
    backoff = Backoff()
    for number in range(MAX_SOURCES + 3):
        for _ in range(FREE_FAILURES):
            backoff.failed(str(number), 0.0)
    assert backoff.dropped == 3
    assert [backoff.wait_seconds(str(number), 0.0) for number in (0, 2, 3)] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("uid 7", "uid 7"),
        ("::ffff:10.0.0.7", "::ffff:10.0.0.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8::1", "2001:db8:0:0::/64"),
        ("fe80::1%eth0", "fe80:0:0:0::/64"),
    ],
)
def test_what_one_attacker_has(address: str, source: str) -> None:
    assert source_of(address) == source
