"""Cron expressions: what is taken, and what is said of the rest; and that `cronsim` sees it the same way."""

import random
from datetime import UTC, datetime

import pytest
from cronsim import CronSim, CronSimError

from vigild.config.cron_text import checked
from vigild.config.diagnostics import BadValueError


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("30 4 * * *", "30 4 * * *"),
        ("  */5\t*  * * mon-fri ", "*/5 * * * mon-fri"),
        ("@Daily", "@daily"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 L * *", "0 0 L * *"),
        ("0 0 L/2,3 * *", "0 0 L/2,3 * *"),
        ("0 0 31 2/2 *", "0 0 31 2/2 *"),
        ("0 0 31 2-2/1 *", "0 0 31 2-2/1 *"),
        ("0 0 30 2 mon", "0 0 30 2 mon"),
        ("0 0 * * 5L,mon#2", "0 0 * * 5L,mon#2"),
    ],
)
def test_expressions(text: str, expression: str) -> None:
    assert checked(text) == expression


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("61 * * * *", "no minute: '61', at column 1"),
        ("0 25 * * *", "no hour: '25', at column 3"),
        ("0 0 0 * *", "no day of the month: '0', at column 5"),
        ("0 0 * 13 *", "no month: '13', at column 7"),
        ("0 0 * * funday", "no day of the week: 'funday', at column 9"),
        ("* * *", "3 fields where there should be 5"),
        ("0 30 4 * * *", "6 fields where there should be 5"),
        ("*/0 * * * *", "no minute: '*/0'"),
        ("5-1 * * * *", "no minute: '5-1'"),
        ("0 0 L/0 * *", "no day of the month: 'L/0'"),
        ("0 0 * * 9L", "no day of the week: '9L'"),
        ("0 0 31 4/20 *", "no such date ever comes"),
        ("0 0 30 2 *", "no such date ever comes: day 30 of month 2"),
        ("0 0 31 4,6 *", "no such date ever comes: day 31 of month 4,6"),
        ("@reboot", "@reboot is no schedule"),
        ("@dayly", "no such schedule: '@dayly'"),
    ],
)
def test_mistakes(text: str, complaint: str) -> None:
    with pytest.raises(BadValueError) as caught:
        checked(text)
    assert complaint in str(caught.value)
    assert caught.value.hint


def test_a_field_is_pointed_at() -> None:
    with pytest.raises(BadValueError) as caught:
        checked("0  99 * * *")
    assert caught.value.excerpt == "0  99 * * *\n   ^^"


PIECES = ["*", "0", "5", "7", "8", "12", "23", "30", "31", "59", "60", "00", "-", "/", ",", "L", "LW", "W", "#", "JAN", "feb", "mon", "FRI", "x", "1-5", "*/2", "*/0", "5L", "mon#2", "5#6", "²"]  # fmt: skip


def is_right(expression: str) -> bool:
    try:
        CronSim(expression, datetime(2024, 1, 1, tzinfo=UTC))
    except (CronSimError, AssertionError, ValueError):
        return False
    return True


def test_cronsim_sees_it_the_same_way() -> None:
    chance = random.Random(7)
    rights = 0
    for _ in range(40_000):
        fields = ["*"] * 5
        for _ in range(chance.choice((1, 1, 2))):
            pieces = chance.choices(PIECES, k=chance.choice((1, 1, 2, 3, 4)))
            fields[chance.randrange(5)] = "".join(pieces)
        expression = " ".join(fields)
        right = is_right(expression)
        rights += right
        try:
            checked(expression)
        except BadValueError:
            assert not right, expression
        else:
            assert right, expression
    assert 4_000 < rights < 36_000
