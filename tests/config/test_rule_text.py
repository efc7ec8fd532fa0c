"""Rules as text: what is read as what, and what is said of every mistake."""

import pytest

from vigild.config.diagnostics import BadValueError
from vigild.config.rule_text import MAX_CONDITIONS, MAX_RULES, read_rules
from vigild.core.rules import Action, Condition, Metric, Operator, Rule, Span, Unit, Value, Verb, Vocabulary

ALERT = Action(Verb.ALERT)
DISK = Vocabulary(
    "a disk",
    (
        Metric("space", Unit.BYTES, "used", percent="space_percent"),
        Metric("space_percent", Unit.PERCENT, "used"),
        Metric("read_rate", Unit.BYTES_PER_SECOND, "read"),
        Metric("packets", Unit.PER_SECOND, "packets"),
        Metric("inodes", Unit.NUMBER, "inodes"),
        Metric("age", Unit.SECONDS, "age"),
        Metric("status", Unit.TEXT, "status"),
        Metric("exists", Unit.BOOLEAN, "is there"),
        Metric("failed", Unit.BOOLEAN, "could not be read"),
    ),
    ("alert", "restart", "exec"),
)
BARE = Vocabulary("nothing", (Metric("age", Unit.SECONDS, "age"),), ("alert",))


def one(text: str) -> Rule:
    (rule,) = read_rules(text, DISK)
    return rule


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("space > 80%", Condition("space_percent", Operator.GREATER, 80.0, Unit.PERCENT)),
        ("space > 80 percent", Condition("space_percent", Operator.GREATER, 80.0, Unit.PERCENT)),
        ("space_percent >= 80", Condition("space_percent", Operator.GREATER_EQUAL, 80.0, Unit.PERCENT)),
        ("space > 2GB", Condition("space", Operator.GREATER, 2.0 * 1024**3, Unit.BYTES)),
        ("space>1.5 mib", Condition("space", Operator.GREATER, 1.5 * 1024**2, Unit.BYTES)),
        ("space > 512", Condition("space", Operator.GREATER, 512.0, Unit.BYTES)),
        (
            "read_rate > 10MB/s",
            Condition("read_rate", Operator.GREATER, 10.0 * 1024**2, Unit.BYTES_PER_SECOND),
        ),
        ("packets > 10/s", Condition("packets", Operator.GREATER, 10.0, Unit.PER_SECOND)),
        ("inodes < -4", Condition("inodes", Operator.LESS, -4.0, Unit.NUMBER)),
        ("age <= 500ms", Condition("age", Operator.LESS_EQUAL, 0.5, Unit.SECONDS)),
        ("age > 2 days", Condition("age", Operator.GREATER, 2 * 86400.0, Unit.SECONDS)),
        ("age is greater than 5 min", Condition("age", Operator.GREATER, 300.0, Unit.SECONDS)),
        ("age is is 5 min", Condition("age", Operator.EQUAL, 300.0, Unit.SECONDS)),
        ("age is bigger than 5 min", None),
        ("age greater than 5 min", Condition("age", Operator.GREATER, 300.0, Unit.SECONDS)),
        ("age equal to 5 min", Condition("age", Operator.EQUAL, 300.0, Unit.SECONDS)),
        ("age lt 1h", Condition("age", Operator.LESS, 3600.0, Unit.SECONDS)),
        ("status = ok", Condition("status", Operator.EQUAL, "ok", Unit.TEXT)),
        ("status is not ok", Condition("status", Operator.NOT_EQUAL, "ok", Unit.TEXT)),
        ("status != 0755", Condition("status", Operator.NOT_EQUAL, "0755", Unit.TEXT)),
        ("status == 10.0.0.1", Condition("status", Operator.EQUAL, "10.0.0.1", Unit.TEXT)),
        ("status == 'all is well'", Condition("status", Operator.EQUAL, "all is well", Unit.TEXT)),
        ('status matches "^a|b"', Condition("status", Operator.MATCHES, "^a|b", Unit.TEXT)),
        ('status =~ "x"', Condition("status", Operator.MATCHES, "x", Unit.TEXT)),
        ('status not matches "x"', Condition("status", Operator.MATCHES_NOT, "x", Unit.TEXT)),
        ("exists", Condition("exists", Operator.EQUAL, True, Unit.BOOLEAN)),
        ("not exists", Condition("exists", Operator.EQUAL, False, Unit.BOOLEAN)),
        ("does not exist", Condition("exists", Operator.EQUAL, False, Unit.BOOLEAN)),
        ("exists = no", Condition("exists", Operator.EQUAL, False, Unit.BOOLEAN)),
        ("failed", Condition("failed", Operator.EQUAL, True, Unit.BOOLEAN)),
        ("status changed", Condition("status", Operator.CHANGED, True, Unit.TEXT)),
        ("changed status", Condition("status", Operator.CHANGED, True, Unit.TEXT)),
    ],
)
def test_conditions(text: str, condition: Condition | None) -> None:
    if condition is None:
        with pytest.raises(BadValueError):
            one(f"if {text} then alert")
        return
    assert one(f"if {text} then alert").conditions == (condition,)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("", Span()),
        ("for 3 cycles", Span(3, 3)),
        ("for 1 cycle", Span(1, 1)),
        ("3 cycles", Span(3, 3)),
        ("for 5 of 6 cycles", Span(5, 6)),
        ("for 5 times within 8 cycles", Span(5, 8)),
        ("4 times within 4 cycles", Span(4, 4)),
        ("for 5 minutes", Span(seconds=300)),
        ("for 1.5h", Span(seconds=5400)),
    ],
)
def test_spans(text: str, span: Span) -> None:
    assert one(f"if space > 80% {text} then alert").span == span


def test_what_follows() -> None:
    rule = one('IF space > 80% THEN alert critical, restart and exec "/bin/tell me"')
    assert rule.actions == (
        Action(Verb.ALERT, "critical"),
        Action(Verb.RESTART),
        Action(Verb.EXEC, "/bin/tell me"),
    )
    assert (rule.recovery, rule.recovery_actions) == (None, ())

    rule = one('if space > 80% then alert else if recovered for 2 cycles then exec "x"')
    assert (rule.recovery, rule.recovery_actions) == (Span(2, 2), (Action(Verb.EXEC, "x"),))
    assert one("if space > 80% then alert else if succeeded then alert").recovery_actions == (ALERT,)
    assert one("if space > 80% then alert else then alert").recovery_actions == (ALERT,)


def test_several_conditions() -> None:
    both = one("if space > 80% and inodes < 10 and exists then alert")
    assert [condition.metric for condition in both.conditions] == ["space_percent", "inodes", "exists"]
    assert not both.any_will_do
    assert one("if space > 80% or inodes < 10 then alert").any_will_do


def test_a_rule_goes_on_until_a_line_begins_with_if() -> None:
    rules = read_rules(
        "\nif space > 80%\n  for 3 cycles\n\nthen alert\n else if recovered then alert\nIf age > 1h then alert\n",
        DISK,
    )
    assert [rule.name for rule in rules] == [
        "if space > 80% for 3 cycles then alert else if recovered then alert",
        "If age > 1h then alert",
    ]
    assert read_rules(" \n ", DISK) == ()


@pytest.mark.parametrize(
    ("text", "complaint", "marked"),
    [
        ("when space > 80%", "a rule begins with if, not with 'when'", "when"),
        ("if spce > 80% then alert", "unknown metric 'spce'", "spce"),
        ("if then alert", "unknown metric 'then'", "then"),
        ("if space > then alert", "no number: 'then'", "then"),
        ("if space > 5min then alert", "a wrong unit: '5min'", "5min"),
        ("if inodes > 5 MB then alert", "a wrong unit: '5 MB'", "5 MB"),
        ("if space then alert", "space is compared with nothing", "then"),
        ("if status > ok then alert", "status is text", ">"),
        ("if exists > 1 then alert", "exists is true or false", ">"),
        ("if space matches x then alert", "space is a number", "matches"),
        ("if exists == 1 then alert", "neither true nor false: '1'", "1"),
        ("if status == , then alert", "no text: ','", ","),
        ("if status matches 'a(b' then alert", "not a regular expression", "'a(b'"),
        ("if not space > 3 then alert", "not stands before what is true or false", "space"),
        ("if does exist then alert", "not is missing before 'exist'", "exist"),
        ("if does not space then alert", "compared with nothing", "then"),
        ("if space > 80% and age > 1h or exists then alert", "and beside or", "or"),
        ("if space > 80% alert", "then is missing before 'alert'", "alert"),
        ("if space > 80%", "then is missing before the end", ""),
        ("if space > 80% for ever then alert", "no number of cycles, and no time: 'ever'", "ever"),
        ("if space > 80% for 3 then alert", "3 of what?", "3"),
        ("if space > 80% for 3 times then alert", "3 times of what?", "3 times"),
        ("if space > 80% for 3 of 4 then alert", "'4' of what?", "4"),
        ("if space > 80% for 5 of 4 cycles then alert", "5 of 4 cycles", "4 cycles"),
        ("if space > 80% for 65 cycles then alert", "no number of cycles: '65 cycles'", "65 cycles"),
        ("if space > 80% for 1.5 cycles then alert", "no number of cycles", "1.5 cycles"),
        ("if space > 80% for 3 of x then alert", "no number of cycles: 'x'", "x"),
        ("if space > 80% for 40 days then alert", "no time that a rule can wait", "40 days"),
        ("if space > 80% then reboot", "no such action: 'reboot'", "reboot"),
        ("if space > 80% then stop", "no such action for a disk: 'stop'", "stop"),
        ("if space > 80% then unmonitor", "no such action: 'unmonitor'", "unmonitor"),
        ("if space > 80% then exec /bin/x", "no command in quotes: '/bin/x'", "/bin/x"),
        ("if space > 80% then exec ' '", "no command in quotes", "' '"),
        ('if space > 80% then exec "a \'b"', "cannot be split into words", '"a \'b"'),
        ('if space > 80% then exec "a', "a quote that is not closed", '"'),
        ("if space > 80% then alert restart", "nothing is expected here, but 'restart' follows", "restart"),
        ("if space > 80% then alert else if over then alert", "recovered is missing before 'over'", "over"),
        ("if space > 80% then alert else alert", "then is missing before 'alert'", "alert"),
        ("if space > 80% then", "no such action: the end", ""),
        ("if space ! 3 then alert", "space is compared with nothing", "!"),
    ],
)
def test_mistakes(text: str, complaint: str, marked: str) -> None:
    with pytest.raises(BadValueError) as caught:
        read_rules(text, DISK)

    assert complaint in str(caught.value)
    shown, caret = caught.value.excerpt.split("\n")
    assert shown == text
    column = caret.index("^")
    assert f"at column {column + 1}" in str(caught.value)
    assert shown[column : column + caret.count("^")] == marked
    assert caught.value.hint


def test_hints_guess() -> None:
    with pytest.raises(BadValueError) as caught:
        read_rules("if spcae > 80% then alert", DISK)
    assert caught.value.hint.startswith("did you mean space? a disk has: age, exists, failed, inodes, ")
    with pytest.raises(BadValueError) as caught:
        read_rules("if space > 80% then alrt", DISK)
    assert caught.value.hint == "did you mean alert? write alert, restart, exec"
    with pytest.raises(BadValueError, match="unknown metric 'exist'"):
        read_rules("if does not exist then alert", BARE)
    with pytest.raises(BadValueError) as caught:
        read_rules("if exists > 1 and status then alert", DISK)
    assert caught.value.hint == "write exists, or not exists"


def test_all_mistakes_are_told_each_with_its_line() -> None:
    with pytest.raises(BadValueError) as caught:
        read_rules("if a > 1 then alert\nif space > 80% then alert\n\nif age > 1h\n\tthen reboot", DISK)

    first, (second,) = caught.value, caught.value.others
    assert (first.line, first.excerpt) == (0, "if a > 1 then alert\n   ^")
    assert (second.line, second.excerpt) == (4, " then reboot\n      ^^^^^^")


def test_bounds() -> None:
    with pytest.raises(BadValueError, match="101 rules"):
        read_rules("\n".join(f"if age > {n} then alert" for n in range(MAX_RULES + 1)), DISK)
    with pytest.raises(BadValueError, match="too many conditions"):
        read_rules("if " + " and ".join(["exists"] * (MAX_CONDITIONS + 1)) + " then alert", DISK)
    with pytest.raises(BadValueError, match="the same rule twice"):
        read_rules("if age > 1 then alert\nif  age > 1 then alert", DISK)


def test_values_are_in_base_units() -> None:
    units: dict[str, Value] = {
        "1kb": 1024.0,
        "1 KiB": 1024.0,
        "2m": 2.0 * 1024**2,
        "1t": 1024.0**4,
        "7 bytes": 7.0,
    }
    for text, value in units.items():
        assert one(f"if space > {text} then alert").conditions[0].value == value
