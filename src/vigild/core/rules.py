"""Rules: what is to be done when a reading is not as it should be, in the manner of Monit.

`if memory > 80% for 3 cycles then alert, restart else if recovered then exec "/bin/tell"` is a `Rule`: conditions on
*metrics*, how often or how long they have to hold (`Span`), and what follows. A *cycle* is one `Reading`: whoever samples
decides how often that is. The text of rules is read in `config/rule_text.py`.

`judge(rule, state, reading, now) -> (state, effects)`. Rules that hold:

- Only edges are told: `Raised` when a rule comes true, `Cleared` when that is over, and never twice in between.
- A rule is over, unless it says when, at the first good cycle; one for N of M cycles when M-N+1 good ones follow one
  another, so that one that is good and bad in turn is not told at every turn.
- A reading that says nothing of a metric (there is no such value, or it could not be had) is no cycle for the rules
  that ask for it: nothing changes. `failed` asks whether the reading could be had.
- After `restarted`, the count of cycles begins anew. What was raised stays so until a cycle is good; if the rule comes
  true once more before that, it is raised again, and acts again: the restart was of no use.
- `now` is monotonic seconds. A state is plain: `to_plain` is what a journal keeps.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from enum import Enum, StrEnum

from vigild.core.edges import Severity
from vigild.core.frozen import frozen

MAX_WINDOW = 64  # cycles that a state can look back on

Value = float | str | bool


class Unit(Enum):
    """What the values of a metric are, in their base unit; the text is how it is written after a number."""

    PERCENT = "%"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes/s"
    SECONDS = "s"
    PER_SECOND = "/s"
    NUMBER = ""
    TEXT = "text"
    BOOLEAN = "true or false"


@frozen
class Metric:
    """What a rule can ask for. `percent` is the metric that is meant where the value is in percent, '' for none."""

    name: str
    unit: Unit
    words: str
    percent: str = ""


@frozen
class Vocabulary:
    """What rules of one kind of section may say. `of` says of which, for people: "a program"."""

    of: str
    metrics: tuple[Metric, ...]
    verbs: tuple[str, ...]


class Operator(StrEnum):
    """How a value is compared."""

    GREATER = ">"
    GREATER_EQUAL = ">="
    LESS = "<"
    LESS_EQUAL = "<="
    EQUAL = "=="
    NOT_EQUAL = "!="
    MATCHES = "matches"
    MATCHES_NOT = "not matches"
    CHANGED = "changed"  # since the reading before


class Verb(StrEnum):
    """What a rule does. Whatever it does, people are told; ALERT says how bad it is."""

    ALERT = "alert"
    RESTART = "restart"
    START = "start"
    STOP = "stop"
    EXEC = "exec"


FAILED = "failed"  # the metric that is true where a reading could not be had


@frozen
class Condition:
    """`metric` compared with `value`, which is in the metric's base unit."""

    metric: str
    operator: Operator
    value: Value
    unit: Unit


@frozen
class Span:
    """So many of the last `window` cycles, or for so many seconds without a break (0: at once)."""

    cycles: int = 1
    window: int = 1
    seconds: float = 0.0


@frozen
class Action:
    """`argument` is the command of EXEC, and the severity of ALERT where it says one."""

    verb: Verb
    argument: str = ""


@frozen
class Rule:
    """One rule. `name` names the trouble: the text of the rule, on one line, or that of an option."""

    name: str
    conditions: tuple[Condition, ...]
    actions: tuple[Action, ...]
    span: Span = Span()
    any_will_do: bool = False  # conditions are joined by `or`
    recovery: Span | None = None
    recovery_actions: tuple[Action, ...] = ()

    @property
    def severity(self) -> Severity:
        """How bad it is when it comes true: what `alert` says, else a warning."""
        for action in self.actions:
            if action.verb is Verb.ALERT and action.argument:
                return Severity(action.argument)
        return Severity.WARNING


@frozen
class Reading:
    """Values by metric at one moment; `error` says why there are none."""

    values: Mapping[str, Value] = field(default_factory=dict)
    error: str = ""


@frozen
class RuleState:
    """How a rule stands. The lowest bit of `bits` is the latest cycle, and 1 one in which the conditions held.

    `since` is when the latest answer was given first, in a row; `cycles` counts those since it was raised, if it is. `seen` are
    the values that `changed` compares with.
    """

    raised: bool = False
    restarted: bool = False  # since it was raised
    bits: int = 0
    cycles: int = 0
    since: float | None = None
    seen: tuple[tuple[str, Value], ...] = ()


FRESH = RuleState()


@frozen
class Raised:
    """The rule came true: `text` says what is the matter."""

    text: str


@frozen
class Cleared:
    """It is over: `text` says how things are."""

    text: str


@frozen
class Act:
    """Do this; `text` is why."""

    action: Action
    text: str


Effect = Raised | Cleared | Act


def judge(rule: Rule, state: RuleState, reading: Reading, now: float) -> tuple[RuleState, list[Effect]]:
    """Take in one reading. Pure; raises nothing."""
    answers = [_answer(condition, state, reading) for condition in rule.conditions]
    answer = _joined(answers, rule.any_will_do)
    state = _with_seen(rule, state, reading)
    if answer is None:
        return state, []
    if not (answer or state.raised or state.bits):
        return replace(FRESH, seen=state.seen), []
    window = max(rule.span.window, rule.recovery.window if rule.recovery else 1)
    is_first = state.since is None or bool(state.bits & 1) is not answer
    state = replace(
        state,
        bits=(state.bits << 1 | answer) & (1 << window) - 1,
        cycles=min(state.cycles + 1, window),
        since=now if is_first else state.since,
    )
    if answer and (not state.raised or state.restarted) and _has_come_true(rule.span, state, now):
        text = "; ".join(
            _words(condition, state, reading)
            for condition, holds in zip(rule.conditions, answers, strict=True)
            if holds
        )
        raised = replace(state, raised=True, restarted=False, cycles=0)
        return raised, [Raised(text + _span_words(rule.span)), *_acts(rule.actions, text)]
    if not answer and state.raised and _is_over(rule, state, now):
        text = "; ".join(_words_of_value(condition, reading) for condition in rule.conditions)
        kept = replace(state, raised=False, restarted=False, cycles=0)
        return kept if kept.bits else replace(FRESH, seen=kept.seen), [
            Cleared(text),
            *_acts(rule.recovery_actions, text),
        ]
    return state, []


def restarted(state: RuleState) -> RuleState:
    """What is judged was started anew: cycles are counted from here. What `changed` compares with goes, too."""
    return RuleState(raised=state.raised, restarted=state.raised)


def _acts(actions: Sequence[Action], text: str) -> list[Act]:
    return [Act(action, text) for action in actions if action.verb is not Verb.ALERT]


def _has_come_true(span: Span, state: RuleState, now: float) -> bool:
    if span.seconds:
        return state.since is not None and now - state.since >= span.seconds
    return (state.bits & (1 << span.window) - 1).bit_count() >= span.cycles


def _is_over(rule: Rule, state: RuleState, now: float) -> bool:
    span = rule.recovery
    if span is None:
        in_a_row = rule.span.window - rule.span.cycles + 1
        span = Span(in_a_row, in_a_row)
    if span.seconds:
        return state.since is not None and now - state.since >= span.seconds
    seen = (1 << min(span.window, state.cycles)) - 1
    return (~state.bits & seen).bit_count() >= span.cycles


def _joined(answers: Sequence[bool | None], any_will_do: bool) -> bool | None:
    """Three-valued: None where what is unknown could turn the answer."""
    if any_will_do in answers:
        return any_will_do
    return None if None in answers else not any_will_do


def _answer(condition: Condition, state: RuleState, reading: Reading) -> bool | None:
    if condition.metric == FAILED:
        return (reading.error != "") is condition.value
    actual = reading.values.get(condition.metric)
    if actual is None:
        return None
    wanted = condition.value
    match condition.operator:
        case Operator.CHANGED:
            return actual != dict(state.seen).get(condition.metric, actual)
        case Operator.EQUAL:
            return actual == wanted
        case Operator.NOT_EQUAL:
            return actual != wanted
        case Operator.MATCHES | Operator.MATCHES_NOT:
            is_found = re.search(str(wanted), str(actual)) is not None
            return is_found is (condition.operator is Operator.MATCHES)
        case _:
            return _compared(condition.operator, actual, wanted)


def _compared(operator: Operator, actual: Value, wanted: Value) -> bool | None:
    if isinstance(actual, str) or isinstance(wanted, str):
        return None  # whoever read it gave text where a number should be
    match operator:
        case Operator.GREATER:
            return actual > wanted
        case Operator.GREATER_EQUAL:
            return actual >= wanted
        case Operator.LESS:
            return actual < wanted
        case _:
            return actual <= wanted


def _with_seen(rule: Rule, state: RuleState, reading: Reading) -> RuleState:
    asked = [condition.metric for condition in rule.conditions if condition.operator is Operator.CHANGED]
    if not asked:
        return state
    seen = dict(state.seen)
    seen.update((name, reading.values[name]) for name in asked if name in reading.values)
    return replace(state, seen=tuple(sorted(seen.items())))


# In words.


def _words(condition: Condition, state: RuleState, reading: Reading) -> str:
    """What is the matter: the metric, how it is, and what it was compared with."""
    name = _name_words(condition)
    if condition.metric == FAILED:
        return f"failed: {reading.error}" if reading.error else "not failed"
    actual = reading.values[condition.metric]
    if condition.unit is Unit.BOOLEAN and condition.operator is not Operator.CHANGED:
        return name if actual else f"not {name}"
    shown, wanted = show(actual, condition.unit), show(condition.value, condition.unit)
    match condition.operator:
        case Operator.CHANGED:
            return f"{name} changed to {shown}"
        case _:
            return f"{name} {shown} {condition.operator} {wanted}"


def _words_of_value(condition: Condition, reading: Reading) -> str:
    name = _name_words(condition)
    if condition.metric == FAILED:
        return f"failed: {reading.error}" if reading.error else "not failed"
    if condition.metric not in reading.values:
        return f"{name} unknown"
    actual = reading.values[condition.metric]
    if condition.unit is Unit.BOOLEAN:
        return name if actual else f"not {name}"
    return f"{name} {show(actual, condition.unit)}"


def _name_words(condition: Condition) -> str:
    """`space`, not `space percent`, where the value says so with its sign."""
    name = condition.metric.replace("_", " ")
    return name.removesuffix(" percent") if condition.unit is Unit.PERCENT else name


def _span_words(span: Span) -> str:
    if span.seconds:
        return f" for {show(span.seconds, Unit.SECONDS)}"
    if span.cycles == span.window:
        return f" for {span.cycles} cycles" if span.cycles > 1 else ""
    return f" for {span.cycles} of {span.window} cycles"


_BYTES = ((1024**4, "TB"), (1024**3, "GB"), (1024**2, "MB"), (1024, "KB"))
_SECONDS = ((86400, "days"), (3600, "h"), (60, "min"))


def show(value: Value, unit: Unit) -> str:
    """A value in its unit, as people write it: `2.1 GB`, `80%`, `5 min`."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    match unit:
        case Unit.BYTES | Unit.BYTES_PER_SECOND:
            rate = "/s" if unit is Unit.BYTES_PER_SECOND else ""
            for size, word in _BYTES:
                if abs(value) >= size:
                    return f"{_short(value / size)} {word}{rate}"
            return f"{_short(value)} bytes{rate}"
        case Unit.SECONDS:
            for size, word in _SECONDS:
                if abs(value) >= 2 * size or (abs(value) >= size and value % size == 0):
                    return f"{_short(value / size)} {word}"
            return f"{_short(value)} s" if abs(value) >= 1 or not value else f"{_short(value * 1000)} ms"
        case Unit.PERCENT | Unit.PER_SECOND:
            return f"{_short(value)}{unit.value}"
        case _:
            return _short(value)


def _short(value: float) -> str:
    """Three digits or a little more: nobody is helped by others."""
    places = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# In the journal.

Plain = tuple[object, ...]


def to_plain(state: RuleState) -> Plain:
    """Its values, for a journal (JSON will do)."""
    seen = [list(pair) for pair in state.seen]
    return state.raised, state.restarted, state.bits, state.cycles, state.since, seen


def from_plain(plain: Sequence[object]) -> RuleState:
    """What `to_plain` gave; a fresh state where it has another form."""
    match plain:
        case (
            bool(raised),
            bool(again),
            int(bits),
            int(cycles),
            float() | int() | None as since,
            list() | tuple() as pairs,
        ):
            seen = tuple((str(pair[0]), pair[1]) for pair in pairs if len(pair) == 2)
            return RuleState(raised, again, bits, cycles, since, seen)
        case _:
            return FRESH
