"""What an alert tells, and when: by example, and whatever happens."""

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigild.core.alert_filter import Filter
from vigild.core.alerting import (
    ANEW_SECONDS,
    LIMIT,
    MAX_TELLINGS,
    MAX_TROUBLES,
    MAX_WITH_LINES,
    QUIET_HOURS,
    Held,
    Plan,
    Policy,
    Trouble,
    digest_of,
    heard,
    held,
    planned,
    taken,
    too_many,
)
from vigild.core.digest import Telling
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.quiet import QuietHours

HOUR = 3600.0
NIGHT = QuietHours(((22 * 60, 7 * 60),))


def utc(_: float) -> float:
    return 0.0


def down(name: str = "web", at: float = 0.0, severity: Severity = Severity.WARNING) -> Edge:
    return Edge(at, EdgeKind.DOWN, severity, "program", name, "down", f"{name} ended")


def up(name: str = "web", at: float = 0.0, *, quiet: bool = False) -> Edge:
    return Edge(
        at,
        EdgeKind.RECOVERED,
        Severity.INFO,
        "program",
        name,
        "down",
        f"{name} is up again",
        quiet=quiet,
    )


@dataclass
class Alert:
    """An alert whose clock is moved by hand. `sent`: when, and what."""

    policy: Policy = field(default_factory=Policy)
    now: float = 12 * HOUR
    book: dict[str, Trouble] = field(default_factory=dict)
    told: list[float] = field(default_factory=list)
    sent: list[tuple[float, list[Telling]]] = field(default_factory=list)

    def hear(self, edge: Edge) -> None:
        after = heard(self.book.get(edge.key), replace(edge, at=self.now), self.now, self.policy)
        if after is None:
            self.book.pop(edge.key, None)
        else:
            self.book[edge.key] = after

    def plan(self) -> Plan | None:
        return planned(self.book.values(), self.told, self.now, self.policy, utc)

    @property
    def held(self) -> Held:
        return held(self.book.values(), self.told, self.now, self.policy, utc)

    def advance(self, seconds: float) -> None:
        """Time passes; what is due is sent when it is due."""
        end = self.now + seconds
        while (plan := self.plan()) is not None and plan.at <= end:
            self.now = max(self.now, plan.at)
            tellings, changes, _ = taken(self.book, self.now, self.policy, utc)
            assert tellings, "something was due, and there was nothing to tell"
            self.sent.append((self.now, tellings))
            self.told.append(self.now)
            for key, trouble in changes.items():
                if trouble is None:
                    del self.book[key]
                else:
                    self.book[key] = trouble
        self.now = end

    @property
    def words(self) -> list[list[str]]:
        """What was told, each in a word."""
        return [[_word(telling) for telling in tellings] for _, tellings in self.sent]


def _word(telling: Telling) -> str:
    name = telling.edge.name
    if telling.is_reminder:
        return f"{name} still"
    if telling.ended:
        return f"{name} over" if telling.was_told else f"{name} was"
    return name if telling.count == 1 else f"{name}×{telling.count}"


def test_two_hundred_that_fall_over_are_one_message() -> None:
    alert = Alert()
    for number in range(200):
        alert.hear(down(f"p{number}"))
        alert.advance(0.01)
    alert.advance(60)
    assert [200] == [len(tellings) for _, tellings in alert.sent]
    assert 12 * HOUR + 10.0 == alert.sent[0][0]


def test_the_end_of_what_was_told_is_told() -> None:
    alert = Alert()
    alert.hear(down())
    alert.advance(60)
    alert.hear(up())
    alert.advance(60)
    assert [["web"], ["web over"]] == alert.words
    assert {} == alert.book


def test_what_was_over_before_it_was_told_is_told_in_one_line() -> None:
    alert = Alert()
    alert.hear(down())
    alert.advance(2)
    alert.hear(up())
    alert.advance(60)
    assert [["web was"]] == alert.words


def test_a_trouble_that_comes_again_within_a_batch_is_one_with_a_count() -> None:
    alert = Alert()
    for _ in range(3):
        alert.hear(down())
        alert.hear(up())
    alert.hear(down())
    alert.advance(60)
    assert [["web×4"]] == alert.words
    assert 12 * HOUR == alert.sent[0][1][0].began


def test_what_is_told_as_down_and_is_down_again_at_once_is_not_told_again() -> None:
    alert = Alert()
    alert.hear(down())
    alert.advance(60)
    for _ in range(3):
        alert.hear(up())
        alert.advance(2)
        alert.hear(down())
    alert.advance(60)
    assert [["web"]] == alert.words
    alert.hear(up())
    alert.advance(60)
    assert [["web"], ["web over"]] == alert.words
    assert alert.sent[1][1][0].count == 3


def test_whoever_is_given_up_is_not_told_to_be_down_too() -> None:
    fatal = replace(down(), kind=EdgeKind.FATAL, trouble="fatal")
    for ended in (0.0, 9.0):
        tellings = [
            Telling(down(), 1.0, ended=ended),
            Telling(fatal, 2.0, ended=ended),
            Telling(down("db"), 1.0, ended=ended),
        ]
        digest = digest_of("ops", "id", 10.0, tellings)
        assert {telling.edge.key for telling in digest.tellings} == {fatal.key, down("db").key}
    lasting = [Telling(down(), 1.0, ended=9.0), Telling(fatal, 2.0)]
    assert len(digest_of("ops", "id", 10.0, lasting).tellings) == 2


def test_whoever_flaps_is_not_told_to_be_down_too() -> None:
    flaps = replace(down(), kind=EdgeKind.FLAPPING, trouble="flapping")
    fatal = replace(down(), kind=EdgeKind.FATAL, trouble="fatal")
    unhealthy = replace(down(), kind=EdgeKind.UNHEALTHY, trouble="unhealthy")
    for ended in (0.0, 9.0):
        tellings = [Telling(edge, 1.0, ended=ended) for edge in (down(), flaps, unhealthy)]
        kept = digest_of("ops", "id", 10.0, tellings).tellings
        assert {telling.edge.trouble for telling in kept} == {"flapping", "unhealthy"}
        kept = digest_of("ops", "id", 10.0, [*tellings, Telling(fatal, 2.0, ended=ended)]).tellings
        assert {telling.edge.trouble for telling in kept} == {"fatal", "unhealthy"}


def test_a_trouble_begun_again_while_it_lasts_is_not_told_again() -> None:
    alert = Alert()
    for _ in range(20):
        alert.hear(down())
        alert.advance(60)
    assert [["web"]] == alert.words


def test_it_is_told_again_when_it_gets_worse() -> None:
    alert = Alert()
    alert.hear(down())
    alert.advance(60)
    alert.hear(down(severity=Severity.CRITICAL))
    alert.advance(60)
    assert [["web"], ["web"]] == alert.words
    assert alert.sent[1][1][0].was_told


def test_it_is_told_again_when_its_end_may_have_been_missed() -> None:
    alert = Alert()
    alert.hear(down())
    alert.advance(ANEW_SECONDS + 1)
    alert.hear(down())
    alert.advance(60)
    assert [["web"], ["web"]] == alert.words


def test_a_quiet_end_is_not_told_and_makes_room_for_a_new_beginning() -> None:
    alert = Alert()
    alert.hear(down())
    alert.advance(60)
    alert.hear(up(quiet=True))
    assert {} == alert.book
    alert.hear(down())
    alert.hear(up(quiet=True))
    alert.advance(60)
    assert [["web"], ["web was"]] == alert.words


def test_what_a_rule_stopped_has_not_recovered() -> None:
    alert, raised = Alert(), replace(down(), kind=EdgeKind.RULE, trouble="rule: if memory > 2GB then stop")
    over = replace(up(), trouble=raised.trouble)
    alert.hear(raised)
    alert.hear(replace(over, quiet=True))
    alert.advance(60)
    assert [["web"]] == alert.words
    assert {} == alert.book
    alert.hear(raised)
    alert.hear(over)
    alert.advance(60)
    assert ["web was"] == alert.words[-1]


def test_an_end_without_a_beginning_is_nothing() -> None:
    alert = Alert()
    alert.hear(up())
    alert.advance(60)
    assert [] == alert.words


def test_a_second_end_changes_nothing() -> None:
    alert = Alert()
    alert.hear(down())
    alert.hear(up())
    before = dict(alert.book)
    alert.hear(up())
    assert before == alert.book


def test_what_is_filtered_out_is_neither_told_nor_kept() -> None:
    alert = Alert(Policy(Filter(programs=("db",))))
    alert.hear(down())
    assert {} == alert.book


def test_an_alert_that_wants_no_ends_tells_beginnings_only() -> None:
    alert = Alert(Policy(Filter(events=("warning",))))
    alert.hear(down())
    alert.advance(60)
    alert.hear(up())
    alert.advance(60)
    alert.hear(down("db"))
    alert.hear(up("db"))
    alert.advance(60)
    assert [["web"], ["db was"]] == alert.words
    assert {} == alert.book


def test_what_lasts_is_told_again_and_all_that_is_nearly_due_with_it() -> None:
    alert = Alert(Policy(repeat_seconds=HOUR))
    alert.hear(down())
    alert.advance(15)
    alert.hear(down("db"))
    alert.advance(1.5 * HOUR)
    assert [["web"], ["db"], ["web still"], ["db still"]] == alert.words
    alert = Alert(Policy(repeat_seconds=HOUR, batch_seconds=20))
    alert.hear(down())
    alert.advance(21)
    alert.hear(down("db"))
    alert.book = {key: replace(item, news_since=0.0, told_at=alert.now) for key, item in alert.book.items()}
    alert.advance(HOUR)
    assert ["web still", "db still"] == alert.words[1]


def test_the_night_is_quiet_but_for_what_is_critical() -> None:
    alert = Alert(Policy(quiet_hours=NIGHT), now=23 * HOUR)
    alert.hear(down("a"))
    assert Plan(31 * HOUR, QUIET_HOURS) == alert.plan()
    alert.hear(down("b", severity=Severity.CRITICAL))
    alert.advance(HOUR)
    assert [["b"]] == alert.words
    alert.hear(up("a"))
    alert.hear(up("b"))
    alert.advance(10 * HOUR)
    assert [["b"], ["b over"], ["a was"]] == alert.words
    assert 31 * HOUR == alert.sent[2][0]


@pytest.mark.parametrize(
    ("quiet_pass", "words"), [("none", []), ("critical", ["c"]), ("warning", ["c", "w"]), ("x", [])]
)
def test_what_may_disturb_the_night(quiet_pass: str, words: list[str]) -> None:
    alert = Alert(Policy(quiet_hours=NIGHT, quiet_pass=quiet_pass), now=23 * HOUR)
    alert.hear(down("w"))
    alert.hear(down("c", severity=Severity.CRITICAL))
    alert.advance(HOUR)
    assert words == sorted(word for message in alert.words for word in message)


def test_what_was_held_back_says_so() -> None:
    policy = Policy(quiet_hours=NIGHT)
    book = {"x": heard(None, down(at=23 * HOUR), 23 * HOUR, policy)}
    assert book["x"] is not None
    tellings, _, waited = taken({"x": book["x"]}, 31 * HOUR, policy, utc)
    assert (1, True) == (len(tellings), waited)


def test_what_waited_for_a_dead_deliverer_does_not_disturb_the_night_either() -> None:
    alert = Alert(Policy(quiet_hours=NIGHT), now=21 * HOUR)
    alert.hear(down())
    alert.now = 23 * HOUR
    assert Plan(31 * HOUR, QUIET_HOURS) == alert.plan()


def test_an_hour_has_so_many_messages_and_the_rest_is_told_together() -> None:
    alert = Alert(Policy(max_per_hour=2, batch_seconds=0))
    for number in range(10):
        alert.hear(down(f"p{number}"))
        alert.advance(60)
    assert 2 == len(alert.sent)
    assert Plan(13 * HOUR, LIMIT) == alert.plan()
    alert.advance(HOUR)
    assert [1, 1, 8] == [len(tellings) for _, tellings in alert.sent]


def test_what_waits_for_the_morning_is_counted() -> None:
    alert = Alert(Policy(quiet_hours=NIGHT, repeat_seconds=HOUR), now=20 * HOUR)
    alert.hear(down("a"))
    assert Held() == alert.held, "a batch that is collected is not held back"
    alert.advance(3 * HOUR)
    assert Held() == alert.held, "a reminder is no news"
    alert.hear(down("b"))
    alert.hear(down("c"))
    alert.hear(down("d", severity=Severity.CRITICAL))
    assert Held(2, 31 * HOUR, QUIET_HOURS) == alert.held
    alert.advance(8 * HOUR)
    assert Held() == alert.held


def test_what_waits_for_the_next_hour_is_counted() -> None:
    alert = Alert(Policy(max_per_hour=1, batch_seconds=0), now=21.5 * HOUR)
    for name in ("a", "b", "c"):
        alert.hear(down(name))
        alert.advance(1)
    assert Held(2, 22.5 * HOUR, LIMIT) == alert.held
    alert.policy = replace(alert.policy, quiet_hours=NIGHT)
    assert Held(2, 31 * HOUR, QUIET_HOURS) == alert.held
    alert.hear(down("d", severity=Severity.CRITICAL))
    assert Held(3, 22.5 * HOUR, LIMIT) == alert.held, "the soonest of them is named"


def test_a_clock_set_back_holds_nothing_up() -> None:
    alert = Alert()
    alert.hear(down())
    alert.now -= HOUR
    plan = alert.plan()
    assert plan is not None
    assert alert.now == plan.at


def test_a_digest_begins_with_the_worst_and_is_bounded() -> None:
    lines = {"stderr": ("x",)}
    tellings = [Telling(down(f"p{number}"), float(number), lines=lines) for number in range(MAX_TELLINGS + 5)]
    tellings.append(Telling(down("over"), 0.0, ended=1.0, was_told=True))
    tellings.append(Telling(down("worst", severity=Severity.CRITICAL), 9e9))
    digest = digest_of("ops", "id", 1.0, tellings, left_out=3, held_for=LIMIT)
    assert "worst" == digest.tellings[0].edge.name
    assert (MAX_TELLINGS, 3 + 7, LIMIT) == (len(digest.tellings), digest.left_out, digest.held_for)
    assert MAX_WITH_LINES - 1 == len([telling for telling in digest.tellings if telling.lines])


def test_a_full_book_lets_go_of_what_is_told_and_silent_for_longest() -> None:
    told = {str(number): Trouble(down(), 0.0, float(number)) for number in range(MAX_TROUBLES - 1)}
    assert too_many(told) is None
    news = {"a": Trouble(down(), 0.0, -2.0, news_since=1.0), "b": Trouble(down(), 0.0, -1.0, news_since=1.0)}
    assert "0" == too_many({**told, **news})
    assert "0" == too_many({str(n): Trouble(down(), 0, n, news_since=1) for n in range(MAX_TROUBLES + 1)})


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("down"), st.integers(0, 3), st.sampled_from(list(Severity))),
        st.tuples(st.just("up"), st.integers(0, 3), st.booleans()),
        st.tuples(st.just("wait"), st.integers(0, 9000), st.just(None)),
    ),
    max_size=60,
)
POLICIES = st.builds(
    Policy,
    st.just(Filter(events=("*",))),
    st.sampled_from([0.0, 10.0, 600.0]),
    st.sampled_from([0.0, 300.0, HOUR]),
    st.sampled_from([QuietHours(), NIGHT]),
    st.sampled_from(["critical", "warning", "none"]),
    st.sampled_from([0, 1, 3, 60]),
)


@settings(max_examples=200)
@given(STEPS, POLICIES)
def test_nothing_is_lost_nothing_is_told_twice_and_bounds_hold(
    steps: list[tuple[str, int, object]], policy: Policy
) -> None:
    alert = Alert(policy)
    open_: dict[str, bool] = {}
    begun: dict[str, int] = {}
    for what, number, detail in steps:
        name = f"p{number}"
        if what == "wait":
            alert.advance(float(number))
        elif what == "down":
            assert isinstance(detail, Severity)
            alert.hear(down(name, severity=detail))
            begun[name] = begun.get(name, 0) + 1
            open_[name] = True
        else:
            alert.hear(up(name, quiet=bool(detail)))
            open_[name] = False
    alert.advance(100 * HOUR)

    news = [
        (telling.edge.name, telling)
        for _, tellings in alert.sent
        for telling in tellings
        if not telling.is_reminder
    ]
    # Nothing lost: whatever began was told, and all that is left in the book lasts and is told.
    assert set(begun) == {name for name, _ in news}
    assert {name for name, lasts in open_.items() if lasts} == {
        trouble.edge.name for trouble in alert.book.values()
    }
    assert not any(trouble.news_since or trouble.ended for trouble in alert.book.values())
    # Nothing twice: no more tellings than beginnings and ends, and each end follows a telling that it lasts.
    for name, count in begun.items():
        of_name = [telling for other, telling in news if other == name]
        assert len([telling for telling in of_name if not telling.ended or not telling.was_told]) <= count
        assert count >= sum(telling.count for telling in of_name if not telling.was_told)
        lasting = False
        for telling in of_name:
            if telling.was_told and telling.ended:
                assert lasting
            lasting = not telling.ended
    # Bounds: an hour has no more messages than it may, and quiet hours are quiet.
    times = [at for at, _ in alert.sent]
    if policy.max_per_hour:
        for at in times:
            assert policy.max_per_hour >= len([other for other in times if at - HOUR < other <= at])
    if policy.quiet_hours.ranges and policy.quiet_pass == "none":
        assert all(7 * HOUR <= at % (24 * HOUR) < 22 * HOUR for at in times)
    assert not policy.repeat_seconds or all(trouble.told_at for trouble in alert.book.values())
