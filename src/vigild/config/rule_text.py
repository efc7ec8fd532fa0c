"""Rules as text to `core.rules.Rule`s: the reader of `rules =`, with every mistake and where it is.

    rule       = "if" conditions [ span ] "then" actions [ "else" [ "if" recovered ] [ span ] "then" actions ]
    conditions = condition { "and" condition } | condition { "or" condition }
    condition  = metric operator value | [ "not" ] metric | metric "changed" | "changed" metric
    span       = [ "for" ] N "cycles" | [ "for" ] N "of" M "cycles" | [ "for" ] N "times within" M "cycles" | "for" TIME
    actions    = action { ( "," | "and" ) action }
    action     = "alert" [ severity ] | "restart" | "start" | "stop" | "exec" command

A rule begins where a line begins with `if`; other lines go on with the rule before them. A mistake ends the reading of its
rule only, so that all rules are looked at. `docs/reference/rules.md` says all of it to users.
"""

import re
from collections.abc import Iterable

from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean
from vigild.core.edges import Severity
from vigild.core.frozen import frozen
from vigild.core.rules import (
    MAX_WINDOW,
    Action,
    Condition,
    Metric,
    Operator,
    Rule,
    Span,
    Unit,
    Value,
    Verb,
    Vocabulary,
)

MAX_RULES = 100
MAX_CONDITIONS = 20
MAX_SECONDS = 31 * 86400.0

_BEGIN = re.compile(r"^[ \t]*(?=if\b)", re.MULTILINE | re.IGNORECASE)
_TOKEN = re.compile(
    r"""(?P<string>"[^"]*"|'[^']*')
    |(?P<operator>>=|<=|==|!=|=~|!~|[<>=,])
    |(?P<number>-?\d+(?:\.\d+)?)(?P<unit>[ \t]*(?:%|[A-Za-z]+(?:/s|/sec|ps)?|/s))?(?![\w.])
    |(?P<word>[^\s<>=!,"']+)""",
    re.VERBOSE,
)

_SIGNS = {
    "=": Operator.EQUAL,
    "=~": Operator.MATCHES,
    "!~": Operator.MATCHES_NOT,
    **{sign.value: sign for sign in Operator if not sign.value[0].isalpha()},
}
_WORD_OPERATORS = {
    "greater": Operator.GREATER,
    "gt": Operator.GREATER,
    "less": Operator.LESS,
    "lt": Operator.LESS,
    "equal": Operator.EQUAL,
    "eq": Operator.EQUAL,
    "is": Operator.EQUAL,
    "notequal": Operator.NOT_EQUAL,
    "ne": Operator.NOT_EQUAL,
    "matches": Operator.MATCHES,
    "match": Operator.MATCHES,
}
_RECOVERED = ("recovered", "succeeded", "success", "passed")
_SECONDS: dict[str, float] = {}
for _words, _factor in (
    ("ms milliseconds millisecond", 0.001),
    ("s sec secs second seconds", 1.0),
    ("min mins minute minutes", 60.0),
    ("h hour hours", 3600.0),
    ("d day days", 86400.0),
):
    _SECONDS.update(dict.fromkeys(_words.split(), _factor))
_BYTES = {"b": 1.0, "byte": 1.0, "bytes": 1.0}
for _power, _letter in enumerate("kmgt", 1):
    for _word in (_letter, f"{_letter}b", f"{_letter}ib"):
        _BYTES[_word] = 1024.0**_power
_RATES = {f"{word}{end}": factor for word, factor in _BYTES.items() for end in ("/s", "/sec", "ps", "")}
_UNITS: dict[Unit, tuple[dict[str, float], str]] = {
    Unit.PERCENT: ({"%": 1.0, "percent": 1.0}, "a number in percent, such as 80%"),
    Unit.BYTES: (_BYTES, "a size, such as 500MB or 2GB"),
    Unit.BYTES_PER_SECOND: (_RATES, "a rate, such as 10MB/s"),
    Unit.SECONDS: (_SECONDS, "a time, such as 500ms, 30s, 5min or 2 days"),
    Unit.PER_SECOND: ({"/s": 1.0}, "a rate, such as 100/s"),
    Unit.NUMBER: ({}, "a number"),
}
_ORDERED = (Operator.GREATER, Operator.GREATER_EQUAL, Operator.LESS, Operator.LESS_EQUAL)


@frozen
class _Token:
    """A piece of a rule. `kind`: string, operator, number, word; `end` where the rule ends. Places are in the text."""

    kind: str
    text: str
    start: int
    end: int
    number: float = 0.0
    unit: str = ""

    @property
    def word(self) -> str:
        """What it says as a key word."""
        return self.text.lower() if self.kind == "word" else ""


class _WrongError(Exception):
    """A mistake at a token."""

    def __init__(self, token: _Token, text: str, hint: str) -> None:
        super().__init__(text)
        self.token = token
        self.hint = hint


def read_rules(text: str, vocabulary: Vocabulary) -> tuple[Rule, ...]:
    """The rules in `text`. Raises BadValueError, which carries all mistakes, each with its line, column and a caret."""
    rules: list[Rule] = []
    errors: list[BadValueError] = []
    for start, end in _pieces(text):
        try:
            rules.append(_Reader(text, start, end, vocabulary).rule())
        except _WrongError as wrong:
            errors.append(_as_error(text, wrong))
    if len(rules) > MAX_RULES:
        errors.append(BadValueError(f"{len(rules)} rules", f"at most {MAX_RULES}"))
    for name in _twice(rule.name for rule in rules):
        errors.append(BadValueError(f"the same rule twice: {name}", "drop one"))
    if errors:
        first = errors[0]
        first.others = tuple(errors[1:])
        raise first
    return tuple(rules)


def _twice(names: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [name for name in names if name in seen or seen.add(name)]  # type: ignore[func-returns-value]


def _pieces(text: str) -> list[tuple[int, int]]:
    """Where each rule begins and ends."""
    starts = [match.end() for match in _BEGIN.finditer(text)]
    first = len(text) - len(text.lstrip())
    if first < len(text) and (not starts or starts[0] > first):
        starts.insert(0, first)
    return list(zip(starts, [*starts[1:], len(text)], strict=False))


def _as_error(text: str, wrong: _WrongError) -> BadValueError:
    start = wrong.token.start
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    line = text[begin : end if end >= 0 else len(text)].rstrip()
    column = start - begin + 1
    shown = line.expandtabs(1)
    caret = " " * (column - 1) + "^" * max(1, min(wrong.token.end - start, len(line) - column + 1))
    error = BadValueError(f"{wrong}, at column {column}", wrong.hint)
    error.line = text.count("\n", 0, start)
    error.excerpt = f"{shown}\n{caret}"
    return error


class _Reader:
    """One rule while it is read."""

    def __init__(self, text: str, start: int, end: int, vocabulary: Vocabulary) -> None:
        self._text = text
        self._vocabulary = vocabulary
        self._metrics = {metric.name: metric for metric in vocabulary.metrics}
        self._name = " ".join(text[start:end].split())
        self._tokens = _tokens(text, start, end)
        self._at = 0

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._token
        if token.kind != "end":
            self._at += 1
        return token

    def _takes(self, *words: str) -> bool:
        """Take the next word if it is one of these."""
        if self._token.word not in words:
            return False
        self._at += 1
        return True

    def _expect(self, word: str, hint: str) -> None:
        if not self._takes(word):
            raise _WrongError(self._token, f"{word} is missing before {_shown(self._token)}", hint)

    # The parts of a rule.

    def rule(self) -> Rule:
        if not self._takes("if"):
            raise _WrongError(
                self._token, f"a rule begins with if, not with {_shown(self._token)}", "write if … then …"
            )
        conditions, any_will_do = self._conditions()
        span = self._span() or Span()
        self._expect(
            "then", "write if CONDITION [for 3 cycles] then ACTION; other conditions after and, or or"
        )
        actions = self._actions()
        recovery: Span | None = None
        recovery_actions: tuple[Action, ...] = ()
        if self._takes("else"):
            if self._takes("if") and not self._takes(*_RECOVERED):
                raise _WrongError(
                    self._token,
                    f"recovered is missing before {_shown(self._token)}",
                    "write else if recovered",
                )
            recovery = self._span()
            self._expect("then", "write else if recovered [for 3 cycles] then ACTION")
            recovery_actions = self._actions()
        if self._token.kind != "end":
            hint = "the next rule begins on a line of its own, with if; several actions have commas between"
            raise _WrongError(
                self._token, f"nothing is expected here, but {_shown(self._token)} follows", hint
            )
        return Rule(self._name, conditions, actions, span, any_will_do, recovery, recovery_actions)

    def _conditions(self) -> tuple[tuple[Condition, ...], bool]:
        found = [self._condition()]
        joint = ""
        while self._token.word in ("and", "or"):
            if joint and self._token.word != joint:
                hint = "join the conditions of one rule all by and, or all by or; write two rules for more"
                raise _WrongError(self._token, "and beside or", hint)
            joint = self._take().word
            if len(found) == MAX_CONDITIONS:
                raise _WrongError(self._token, "too many conditions", f"at most {MAX_CONDITIONS} in one rule")
            found.append(self._condition())
        return tuple(found), joint == "or"

    def _condition(self) -> Condition:
        if self._takes("changed"):
            metric = self._metric()
            return Condition(metric.name, Operator.CHANGED, True, metric.unit)
        negated = self._takes("not")
        if self._takes("does"):  # Monit's: does not exist
            self._expect("not", "write not exists")
            if self._token.word == "exist" and "exists" in self._metrics:
                self._at += 1
                return Condition("exists", Operator.EQUAL, False, Unit.BOOLEAN)
        token = self._token
        metric = self._metric()
        if not negated and self._takes("changed"):
            return Condition(metric.name, Operator.CHANGED, True, metric.unit)
        operator_token = self._token
        operator = self._operator()
        if operator is None:
            if metric.unit is not Unit.BOOLEAN:
                hint = f"compare it: {metric.name} > {_example(metric)}"
                raise _WrongError(operator_token, f"{metric.name} is compared with nothing", hint)
            return Condition(metric.name, Operator.EQUAL, not negated, metric.unit)
        if negated:
            raise _WrongError(
                token, "not stands before what is true or false only", f"write {metric.name} != …"
            )
        _check_operator(metric, operator, operator_token)
        return self._compared(metric, operator)

    def _metric(self) -> Metric:
        token = self._token
        known = self._metrics.get(token.word)
        if known is None:
            names = sorted(self._metrics)
            hint = f"{did_you_mean(token.word, names)}{self._vocabulary.of} has: {', '.join(names)}"
            raise _WrongError(token, f"unknown metric {_shown(token)}", hint)
        self._at += 1
        return known

    def _operator(self) -> Operator | None:
        token = self._token
        if token.kind == "operator" and token.text in _SIGNS:
            self._at += 1
            return _SIGNS[token.text]
        if (
            token.word == "is" and self._tokens[self._at + 1].word in _WORD_OPERATORS
        ):  # Monit's: is greater than
            self._at += 1
            token = self._token
        operator = _WORD_OPERATORS.get(token.word)
        if operator is not None:
            self._at += 1
            self._takes("than", "to")
            if operator is Operator.EQUAL and self._takes("not"):
                return Operator.NOT_EQUAL
        elif token.word == "not" and self._tokens[self._at + 1].word in ("matches", "match"):
            self._at += 2
            return Operator.MATCHES_NOT
        return operator

    def _compared(self, metric: Metric, operator: Operator) -> Condition:
        token = self._take()
        if metric.unit is Unit.BOOLEAN:
            if token.word not in ("true", "false", "yes", "no"):
                raise _WrongError(token, f"neither true nor false: {_shown(token)}", "write true or false")
            return Condition(metric.name, operator, token.word in ("true", "yes"), metric.unit)
        if metric.unit is Unit.TEXT:
            if token.kind not in ("string", "word", "number"):
                raise _WrongError(
                    token, f"no text: {_shown(token)}", f'write {metric.name} {operator} "text"'
                )
            return Condition(metric.name, operator, _checked_text(token, operator), metric.unit)
        if metric.percent and token.kind == "number" and token.unit in ("%", "percent"):
            metric = self._metrics[metric.percent]
        return Condition(metric.name, operator, _number(token, metric), metric.unit)

    def _span(self) -> Span | None:
        has_for = self._takes("for")
        token = self._token
        if not has_for and token.kind != "number":
            return None
        self._take()
        if token.kind != "number":
            raise _WrongError(token, f"no number of cycles, and no time: {_shown(token)}", _SPAN_HINT)
        if token.unit in _SECONDS:
            seconds = token.number * _SECONDS[token.unit]
            if not 0 < seconds <= MAX_SECONDS:
                raise _WrongError(token, f"no time that a rule can wait: {_shown(token)}", "at most 31 days")
            return Span(seconds=seconds)
        cycles = _count(token)
        if token.unit in ("cycle", "cycles"):
            return Span(cycles, cycles)
        is_of = token.unit == "of"
        if not is_of and not (token.unit in ("times", "time") and self._takes("within")):
            raise _WrongError(token, f"{token.text} of what?", _SPAN_HINT)
        window_token = self._take()
        window = _count(window_token)
        if window_token.unit not in ("cycle", "cycles"):
            raise _WrongError(window_token, f"{_shown(window_token)} of what?", _SPAN_HINT)
        if window < cycles:
            raise _WrongError(
                window_token, f"{cycles} of {window} cycles", "the second number is that of all cycles"
            )
        return Span(cycles, window)

    def _actions(self) -> tuple[Action, ...]:
        found = [self._action()]
        while self._token.text == "," or self._token.word == "and":
            self._take()
            found.append(self._action())
        return tuple(found)

    def _action(self) -> Action:
        token, verbs = self._take(), self._vocabulary.verbs
        if token.word not in verbs:
            guess = did_you_mean(token.word, verbs)
            known = word if (word := _UNKNOWN_ACTIONS.get(token.word)) else f"write {', '.join(verbs)}"
            of = f" for {self._vocabulary.of}" if token.word in set(Verb) else ""
            raise _WrongError(token, f"no such action{of}: {_shown(token)}", f"{guess}{known}")
        verb = Verb(token.word)
        if verb is Verb.EXEC:
            command = self._take()
            if command.kind != "string" or not command.text.strip():
                raise _WrongError(
                    command, f"no command in quotes: {_shown(command)}", 'write exec "/path/to/command"'
                )
            _check_command(command)
            return Action(verb, command.text.strip())
        if verb is Verb.ALERT and self._token.word in set(Severity):
            return Action(verb, self._take().word)
        return Action(verb)


_SPAN_HINT = "write for 3 cycles, for 5 of 6 cycles, or for 5 minutes"
_UNKNOWN_ACTIONS = {
    "unmonitor": "Vigil has flapping= for what is restarted too often; write stop to have it stopped",
}


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    found: list[_Token] = []
    at = start
    while True:
        while at < end and text[at].isspace():
            at += 1
        if at >= end:
            break
        match = _TOKEN.match(text, at, end)
        if match is None:  # a quote that is not closed, or a sign that nothing begins with
            found.append(_Token("sign", text[at], at, at + 1))
            at += 1
            continue
        found.append(_as_token(match))
        at = found[-1].end
    last = len(text[:end].rstrip())
    found.append(_Token("end", "", last, last + 1))
    found.append(found[-1])  # so that one may look ahead
    return found


def _as_token(match: re.Match[str]) -> _Token:
    kind = match.lastgroup or ""
    text = match.group()
    if kind == "string":
        return _Token(kind, text[1:-1], match.start(), match.end())
    if match["number"] is None:
        return _Token(kind, text, match.start(), match.end())
    unit = (match["unit"] or "").strip().lower()
    end = match.end()
    if unit and unit not in _KNOWN_UNITS and match["unit"][0] in " \t":
        unit, end = "", match.end("number")  # the next word: then, and, for
    return _Token("number", text[: end - match.start()], match.start(), end, float(match["number"]), unit)


_KNOWN_UNITS = {"cycle", "cycles", "of", "times", "time"}.union(*(units for units, _ in _UNITS.values()))


def _shown(token: _Token) -> str:
    if token.kind == "end":
        return "the end"
    return repr(token.text) + (", a quote that is not closed" if token.text in ("'", '"') else "")


def _example(metric: Metric) -> str:
    return _UNITS[metric.unit][1].rpartition(" ")[2] if metric.unit in _UNITS else "…"


def _check_operator(metric: Metric, operator: Operator, token: _Token) -> None:
    is_pattern = operator in (Operator.MATCHES, Operator.MATCHES_NOT)
    if metric.unit is Unit.TEXT and operator in _ORDERED:
        raise _WrongError(token, f"{metric.name} is text", "compare it with ==, != or matches")
    if metric.unit is Unit.BOOLEAN and (operator in _ORDERED or is_pattern):
        raise _WrongError(
            token, f"{metric.name} is true or false", f"write {metric.name}, or not {metric.name}"
        )
    if metric.unit in _UNITS and is_pattern:
        raise _WrongError(token, f"{metric.name} is a number", "compare it with >, >=, <, <=, == or !=")


def _number(token: _Token, metric: Metric) -> float:
    units, words = _UNITS[metric.unit]
    if token.kind != "number":
        raise _WrongError(token, f"no number: {_shown(token)}", f"{metric.name} is compared with {words}")
    if not token.unit:
        return token.number
    if token.unit not in units:
        raise _WrongError(token, f"a wrong unit: {_shown(token)}", f"{metric.name} is compared with {words}")
    return token.number * units[token.unit]


def _checked_text(token: _Token, operator: Operator) -> Value:
    if operator in (Operator.MATCHES, Operator.MATCHES_NOT):
        try:
            re.compile(token.text)
        except re.error as error:
            hint = "write a regular expression as Python's re module takes it"
            raise _WrongError(token, f"not a regular expression ({error.msg})", hint) from None
    return token.text


def _count(token: _Token) -> int:
    if token.kind != "number" or not 1 <= token.number <= MAX_WINDOW or token.number % 1:
        raise _WrongError(token, f"no number of cycles: {_shown(token)}", f"write 1 to {MAX_WINDOW}")
    return int(token.number)


def _check_command(token: _Token) -> None:
    from shlex import split

    try:
        split(token.text)
    except ValueError as error:
        raise _WrongError(
            token, f"the command cannot be split into words ({error})", "close the quote"
        ) from None
