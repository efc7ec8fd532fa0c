"""Health: what answers come to, and when the next is asked for."""

from dataclasses import replace

from vigild.core.health import (
    Answer,
    Change,
    Health,
    HealthPolicy,
    Verdict,
    ask_again_delay,
    check_delay,
    judge,
)

YES, NO = Answer(True, "HTTP 200", 0.003), Answer(False, "HTTP 500", 0.004)
POLICY = HealthPolicy(retries=3, start_period_seconds=10)


def after(health: Health, *answers: Answer, up: float = 60.0, wall: float = 5.0) -> list[Change | None]:
    changes = []
    for answer in answers:
        health, change = judge(health, answer, up, wall, POLICY)
        changes.append(change)
    return changes


def test_one_success_makes_healthy_and_is_told_once() -> None:
    assert after(Health(), YES, YES) == [Change(Verdict.UNKNOWN, Verdict.HEALTHY), None]
    health, _ = judge(Health(), YES, 60, 5.0, POLICY)
    assert health == Health(Verdict.HEALTHY, 0, 5.0, "HTTP 200", 0.003)


def test_so_many_failures_in_a_row_make_unhealthy_and_are_told_once() -> None:
    healthy = Health(Verdict.HEALTHY)
    edge = Change(Verdict.HEALTHY, Verdict.UNHEALTHY)
    assert after(healthy, NO, NO, NO, NO) == [None, None, edge, None]
    assert after(healthy, NO, NO, YES, NO, NO) == [None] * 5
    assert after(Health(Verdict.UNHEALTHY, 7), NO, YES) == [None, Change(Verdict.UNHEALTHY, Verdict.HEALTHY)]


def test_an_unhealthy_process_is_so_since_the_edge() -> None:
    health = replace(Health(Verdict.HEALTHY, since=1.0), failures=2)
    health, _ = judge(health, NO, 60, 5.0, POLICY)
    health, _ = judge(health, NO, 60, 9.0, POLICY)
    assert (health.verdict, health.failures, health.since) == (Verdict.UNHEALTHY, 4, 5.0)


def test_in_the_start_period_failures_do_not_count_before_the_first_success() -> None:
    assert judge(Health(), NO, 9.9, 5.0, POLICY)[0] == Health(answer="HTTP 500", seconds=0.004)
    assert judge(Health(), NO, 10.0, 5.0, POLICY)[0].failures == 1
    assert judge(Health(Verdict.HEALTHY), NO, 1.0, 5.0, POLICY)[0].failures == 1


def test_the_first_check_comes_soon_and_the_second_is_spread() -> None:
    assert [check_delay(0, phase, 30) for phase in (0.0, 0.5)] == [0, 0.5]
    assert check_delay(0, 1.0, 0.1) == 0.1
    assert [check_delay(1, phase, 30) for phase in (0.0, 1.0)] == [15, 30]
    assert check_delay(2, 0.3, 30) == 30


def test_readiness_is_asked_for_at_once_and_then_less_often() -> None:
    delays = [ask_again_delay(number) for number in range(20)]
    assert delays[0] == 0.05
    assert delays == sorted(delays)
    assert delays[-1] == 1.0
