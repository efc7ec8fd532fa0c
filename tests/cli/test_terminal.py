"""Text for a terminal: what is wide takes two places, and nothing steers it."""

import pytest

from vigild.cli.terminal import cut, in_columns, line_of, padded, printable, width_of


@pytest.mark.parametrize(
    ("text", "width"),
    [("", 0), ("web", 3), ("订单", 4), ("ＡＢ", 4), ("e\u0301", 1), ("é", 1), ("队列-1", 6)],
)
def test_wide_signs_take_two_places_and_marks_above_others_none(text: str, width: int) -> None:
    assert width == width_of(text)


def test_blanks_make_up_for_what_is_missing() -> None:
    assert ("订单  ", "  订单", "web") == (
        padded("订单", 6),
        padded("订单", 6, is_right=True),
        padded("web", 2),
    )


def test_cells_stand_below_one_another() -> None:
    rows = [("NAME", "CPU", ""), ("订单处理", "7", "on its way"), ("web", "12", "")]
    assert ["NAME      CPU", "订单处理    7  on its way", "web        12"] == [
        line_of(cells) for cells in in_columns(rows, at_the_right={1})
    ]
    assert [] == in_columns([])


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("short", 8, "short"),
        ("batch:batch_042", 8, "bat…_042"),
        ("batch", 3, "bat"),
        ("订单处理", 8, "订单处理"),
        ("订单处理服务", 8, "订…服务"),
        ("订单处理服务", 3, "订"),
    ],
)
def test_a_long_name_shows_its_end(text: str, width: int, shown: str) -> None:
    assert shown == cut(text, width)


def test_nothing_steers_the_terminal() -> None:
    assert " [31mred  订单" == printable("\x1b[31mred\r\n订单")
