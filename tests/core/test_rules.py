"""Rules: when they come true, when that is over, what follows, and in which words."""

import json
from collections.abc import Sequence

import pytest

from vigild.core.edges import Severity
from vigild.core.rules import (
    FAILED,
    FRESH,
    Act,
    Action,
    Cleared,
    Condition,
    Effect,
    Operator,
    Raised,
    Reading,
    Rule,
    RuleState,
    Span,
    Unit,
    Value,
    Verb,
    from_plain,
    judge,
    restarted,
    show,
    to_plain,
)

ALERT = Action(Verb.ALERT)
RESTART = Action(Verb.RESTART)
HOT = Condition("cpu", Operator.GREATER, 90.0, Unit.PERCENT)


def rule(
    *conditions: Condition,
    span: Span | None = None,
    recovery: Span | None = None,
    any_will_do: bool = False,
    actions: tuple[Action, ...] = (ALERT,),
    recovery_actions: tuple[Action, ...] = (),
) -> Rule:
    return Rule("r", conditions or (HOT,), actions, span or Span(), any_will_do, recovery, recovery_actions)


def play(
    judged: Rule, values: Sequence[float | None], state: RuleState = FRESH, every: float = 5.0
) -> tuple[str, RuleState]:
    """One letter a reading of `cpu`: R raised, C cleared, . nothing. None: a reading without it."""
    letters = ""
    for number, value in enumerate(values):
        reading = Reading({} if value is None else {"cpu": value})
        state, effects = judge(judged, state, reading, 1000.0 + number * every)
        letters += (
            "".join("R" if isinstance(e, Raised) else "C" if isinstance(e, Cleared) else "" for e in effects)
            or "."
        )
    return letters, state


BAD, OK = 95.0, 10.0


@pytest.mark.parametrize(
    ("judged", "values", "letters"),
    [
        (rule(), [OK, BAD, BAD, OK, OK, BAD], ".R.C.R"),
        (rule(span=Span(3, 3)), [BAD, BAD, OK, BAD, BAD, BAD, BAD, OK], ".....R.C"),
        (rule(span=Span(2, 3)), [BAD, OK, BAD, OK, BAD, OK, OK, BAD, BAD], "..R...C.R"),
        (rule(span=Span(2, 4)), [BAD, OK, OK, BAD, OK, OK, OK], "...R..C"),
        (rule(span=Span(seconds=10)), [BAD, BAD, BAD, BAD, OK, BAD, BAD], "..R.C.."),
        (rule(recovery=Span(2, 2)), [BAD, OK, BAD, OK, OK, OK], "R...C."),
        (rule(recovery=Span(2, 3)), [BAD, OK, BAD, OK, OK], "R..C."),
        (rule(recovery=Span(seconds=5)), [BAD, OK, OK, OK], "R.C."),
        (rule(span=Span(3, 4), recovery=Span(1, 1)), [BAD, BAD, BAD, OK, BAD], "..RCR"),
        # A reading without the metric is no cycle.
        (rule(span=Span(2, 2)), [BAD, None, BAD, None, OK], "..R.C"),
        (rule(), [None, None], ".."),
    ],
)
def test_edges(judged: Rule, values: list[float | None], letters: str) -> None:
    assert play(judged, values)[0] == letters


def test_a_state_of_rest_is_always_the_same_so_that_nothing_has_to_be_written_down() -> None:
    for judged in (rule(span=Span(2, 3)), rule(span=Span(seconds=60)), rule(recovery=Span(2, 2))):
        assert play(judged, [OK, OK, BAD, OK, OK, OK, OK, OK])[1] == FRESH


def test_after_a_restart_cycles_begin_anew_and_a_rule_that_comes_true_again_acts_again() -> None:
    judged = rule(span=Span(2, 2), actions=(RESTART,))
    _, state = play(judged, [BAD, BAD, BAD])
    state = restarted(state)

    assert play(judged, [BAD, OK, OK], state)[0] == ".C."
    letters, again = play(judged, [BAD, BAD, BAD], state)
    assert letters == ".R."
    assert play(judged, [OK], again)[0] == "C"
    assert restarted(FRESH) == FRESH


def test_what_follows_is_in_the_order_of_the_rule() -> None:
    tell = Action(Verb.EXEC, "/bin/tell")
    judged = rule(actions=(ALERT, tell, RESTART), recovery_actions=(ALERT, tell))

    state, effects = judge(judged, FRESH, Reading({"cpu": 95.5}), 1.0)
    why = "cpu 95.5% > 90%"
    assert effects == [Raised(why), Act(tell, why), Act(RESTART, why)]
    _, effects = judge(judged, state, Reading({"cpu": 3.0}), 2.0)
    assert effects == [Cleared("cpu 3%"), Act(tell, "cpu 3%")]


def told(condition: Condition, *readings: Reading) -> list[Effect]:
    state, effects = FRESH, list[Effect]()
    for reading in readings:
        state, more = judge(rule(condition), state, reading, 1.0)
        effects += more
    return effects


@pytest.mark.parametrize(
    ("operator", "value", "unit", "holds", "does_not"),
    [
        (Operator.GREATER, 5.0, Unit.NUMBER, 6.0, 5.0),
        (Operator.GREATER_EQUAL, 5.0, Unit.NUMBER, 5.0, 4.0),
        (Operator.LESS, 5.0, Unit.NUMBER, 4.0, 5.0),
        (Operator.LESS_EQUAL, 5.0, Unit.NUMBER, 5.0, 6.0),
        (Operator.EQUAL, "ok", Unit.TEXT, "ok", "bad"),
        (Operator.NOT_EQUAL, "ok", Unit.TEXT, "bad", "ok"),
        (Operator.EQUAL, True, Unit.BOOLEAN, True, False),
        (Operator.EQUAL, False, Unit.BOOLEAN, False, True),
        (Operator.MATCHES, "^a.c", Unit.TEXT, "abcd", "xabc"),
        (Operator.MATCHES_NOT, "^a.c", Unit.TEXT, "xabc", "abcd"),
    ],
)
def test_comparisons(operator: Operator, value: Value, unit: Unit, holds: Value, does_not: Value) -> None:
    condition = Condition("m", operator, value, unit)

    assert [type(e) for e in told(condition, Reading({"m": does_not}))] == []
    assert [type(e) for e in told(condition, Reading({"m": holds}))] == [Raised]


def test_text_where_a_number_should_be_is_no_cycle() -> None:
    assert told(HOT, Reading({"cpu": "much"})) == []


def test_changed_compares_with_the_reading_before() -> None:
    condition = Condition("sum", Operator.CHANGED, True, Unit.TEXT)
    a, b = Reading({"sum": "a"}), Reading({"sum": "b"})

    assert told(condition, a, a) == []
    assert told(condition, a, Reading(error="gone"), b, b) == [
        Raised("sum changed to 'b'"),
        Cleared("sum 'b'"),
    ]


def test_failed_asks_whether_the_reading_could_be_had() -> None:
    condition = Condition(FAILED, Operator.EQUAL, True, Unit.BOOLEAN)
    good, bad = Reading({"x": 1.0}), Reading(error="connection refused")

    assert told(condition, good, bad, bad, good) == [
        Raised("failed: connection refused"),
        Cleared("not failed"),
    ]
    works = Condition(FAILED, Operator.EQUAL, False, Unit.BOOLEAN)
    assert told(works, good, bad) == [Raised("not failed"), Cleared("failed: connection refused")]


def test_conditions_are_joined_and_what_is_unknown_counts_where_it_could_turn_the_answer() -> None:
    full = Condition("space", Operator.GREATER, 80.0, Unit.PERCENT)
    both, either = rule(HOT, full), rule(HOT, full, any_will_do=True)

    def raises(judged: Rule, **values: Value) -> str:
        _, effects = judge(judged, FRESH, Reading(values), 1.0)
        return "; ".join(effect.text for effect in effects)

    assert raises(both, cpu=95.0, space=90.0) == "cpu 95% > 90%; space 90% > 80%"
    assert raises(both, cpu=95.0, space=10.0) == ""
    assert raises(both, cpu=95.0) == ""
    assert raises(either, cpu=95.0, space=10.0) == "cpu 95% > 90%"
    assert raises(either, cpu=95.0) == "cpu 95% > 90%"
    assert raises(either, cpu=5.0) == ""
    state, _ = judge(both, FRESH, Reading({"cpu": 95.0, "space": 90.0}), 1.0)
    _, effects = judge(both, state, Reading({"cpu": 5.0}), 2.0)
    assert effects == [Cleared("cpu 5%; space unknown")]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Span(), ""),
        (Span(3, 3), " for 3 cycles"),
        (Span(2, 3), " for 2 of 3 cycles"),
        (Span(seconds=90), " for 90 s"),
    ],
)
def test_what_is_raised_says_how_long_it_took(span: Span, words: str) -> None:
    state, effects = FRESH, list[Effect]()
    for now in (0.0, 50.0, 100.0):
        state, more = judge(rule(span=span), state, Reading({"cpu": 95.0}), now)
        effects += more
    assert effects == [Raised(f"cpu 95% > 90%{words}")]


def test_words_of_what_is_true_or_false() -> None:
    there = Condition("exists", Operator.EQUAL, False, Unit.BOOLEAN)
    assert told(there, Reading({"exists": False}), Reading({"exists": True})) == [
        Raised("not exists"),
        Cleared("exists"),
    ]
    link = Condition("link_up", Operator.EQUAL, True, Unit.BOOLEAN)
    assert told(link, Reading({"link_up": True}), Reading({"link_up": False})) == [
        Raised("link up"),
        Cleared("not link up"),
    ]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.1 * 1024**3, Unit.BYTES, "2.1 GB"),
        (2 * 1024**3, Unit.BYTES, "2 GB"),
        (150 * 1024**2, Unit.BYTES, "150 MB"),
        (12.34 * 1024, Unit.BYTES_PER_SECOND, "12.3 KB/s"),
        (512, Unit.BYTES, "512 bytes"),
        (3 * 1024**4, Unit.BYTES, "3 TB"),
        (0.25, Unit.SECONDS, "250 ms"),
        (0, Unit.SECONDS, "0 s"),
        (59.5, Unit.SECONDS, "59.5 s"),
        (60, Unit.SECONDS, "1 min"),
        (90, Unit.SECONDS, "90 s"),
        (3 * 86400, Unit.SECONDS, "3 days"),
        (7200, Unit.SECONDS, "2 h"),
        (80, Unit.PERCENT, "80%"),
        (100, Unit.PERCENT, "100%"),
        (12.5, Unit.PER_SECOND, "12.5/s"),
        (0.25, Unit.NUMBER, "0.25"),
        ("ok", Unit.TEXT, "'ok'"),
        (True, Unit.BOOLEAN, "true"),
    ],
)
def test_values_in_words(value: Value, unit: Unit, text: str) -> None:
    assert show(value, unit) == text


def test_how_bad_it_is() -> None:
    assert rule().severity is Severity.WARNING
    assert rule(actions=(RESTART,)).severity is Severity.WARNING
    assert rule(actions=(RESTART, Action(Verb.ALERT, "critical"))).severity is Severity.CRITICAL


def test_a_state_survives_the_journal() -> None:
    state = RuleState(True, True, 5, 2, 12.5, (("sum", "a"), ("there", True)))

    assert from_plain(json.loads(json.dumps(to_plain(state)))) == state
    assert from_plain(json.loads(json.dumps(to_plain(FRESH)))) == FRESH
    assert from_plain(["of another version"]) == FRESH
