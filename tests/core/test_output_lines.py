import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.core.output_lines import (
    BACK_STEP_NS,
    MAX_LINE_BYTES,
    Block,
    Cutter,
    Source,
    raw_records,
    text_records,
)

OUT = Source("web:web_1", "web", "web_1", "stdout", 42)
ERR = Source("web:web_1", "web", "web_1", "stderr", 42)
NOW = 1_700_000_000_000_000_000


def lines_of(*blocks: Block | None) -> list[bytes]:
    return [line for block in blocks if block is not None for _, _, line in raw_records(block, False)]


def test_lines_end_where_a_newline_is() -> None:
    cutter = Cutter(OUT)
    assert cutter.take(b"one", NOW) is None
    assert 3 == cutter.begun_bytes
    block = cutter.take(b" two\nthree\n\nfo", NOW + 5)
    assert block == Block(OUT, NOW + 5, b"one two\nthree\n", 3)
    assert 2 == cutter.begun_bytes
    assert [b"four"] == lines_of(cutter.take(b"ur\n", NOW + 9))


def test_a_carriage_return_before_the_newline_is_of_the_line_end() -> None:
    cutter = Cutter(OUT)
    assert [b"a\rb"] == lines_of(cutter.take(b"a\rb\r", NOW), cutter.take(b"\n", NOW))


@given(st.lists(st.binary(max_size=40)), st.integers(0, 3))
def test_however_it_is_cut_the_lines_are_the_same(pieces: list[bytes], mark: int) -> None:
    data = b"".join(pieces)
    cutter = Cutter(OUT)
    blocks = [cutter.take(piece, NOW) for piece in pieces]
    blocks.append(cutter.cut(NOW))
    expected = data.split(b"\n")
    if not expected[-1]:
        expected.pop()
    expected = [
        line.removesuffix(b"\r") if data.count(b"\n") > number else line
        for number, line in enumerate(expected)
    ]
    assert expected == lines_of(*blocks)


def test_each_line_is_later_than_the_one_before_in_its_stream() -> None:
    cutter = Cutter(OUT)
    first, second = cutter.take(b"a\nb\nc\n", NOW), cutter.take(b"d\n", NOW + 1)
    assert first is not None
    assert second is not None
    assert [NOW, NOW + 1, NOW + 2] == [at for at, _, _ in raw_records(first, True)]
    assert [NOW + 3] == [at for at, _, _ in raw_records(second, True)]


def test_a_clock_that_was_set_back_is_believed() -> None:
    cutter = Cutter(OUT)
    cutter.take(b"a\n", NOW)
    block = cutter.take(b"b\n", NOW - 2 * BACK_STEP_NS)
    assert block is not None
    assert NOW - 2 * BACK_STEP_NS == block.first_ns


@pytest.mark.parametrize(
    "size", [MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 3 * MAX_LINE_BYTES, 3 * MAX_LINE_BYTES + 7]
)
@pytest.mark.parametrize("has_end", [False, True])
def test_a_long_line_is_cut_in_parts(size: int, has_end: bool) -> None:
    cutter = Cutter(OUT)
    line = b"x" * size
    blocks = [cutter.take(b"before\n" + line + b"\nafter\n" * has_end, NOW), cutter.cut(NOW)]
    expected = [b"x" * min(MAX_LINE_BYTES, size - at) for at in range(0, size, MAX_LINE_BYTES)]
    assert [b"before", *expected, *[b"after"] * has_end] == lines_of(*blocks)
    assert 0 == cutter.begun_bytes


def test_what_is_kept_of_a_line_without_an_end_is_bounded() -> None:
    cutter = Cutter(OUT)
    for _ in range(100):
        cutter.take(b"y" * 10_000, NOW)
        assert cutter.begun_bytes <= MAX_LINE_BYTES


def test_a_line_is_cut_between_characters() -> None:
    cutter = Cutter(OUT)
    parts = lines_of(cutter.take("中".encode() * 30_000 + b"\n", NOW))
    assert "中" * 30_000 == "".join(part.decode() for part in parts)
    rubbish = lines_of(cutter.take(b"\x80" * (MAX_LINE_BYTES + 9) + b"\n", NOW))
    assert [MAX_LINE_BYTES, 9] == [len(part) for part in rubbish]


def test_what_was_lost_is_said_where_it_was() -> None:
    cutter = Cutter(OUT)
    cutter.take(b"begun", NOW)
    assert [b"begun [7 bytes lost here]"] == lines_of(cutter.cut(NOW, 7))
    assert [b"[7 bytes lost here]"] == lines_of(cutter.cut(NOW, 7))
    assert cutter.cut(NOW) is None


def test_levels() -> None:
    data = b"plain\n<3>bad\n<7>fine\n<9>no\n<13>no\n<3\n>\n<0>"
    block = Block(OUT, NOW, data, 8)
    assert [
        (6, b"plain"),
        (3, b"bad"),
        (7, b"fine"),
        (6, b"<9>no"),
        (6, b"<13>no"),
        (6, b"<3"),
        (6, b">"),
        (0, b""),
    ] == [record[1:] for record in raw_records(block, True)]
    assert [(6, line) for line in data.split(b"\n")] == [record[1:] for record in raw_records(block, False)]
    assert [(NOW, 3, "<2>x")] == list(text_records(Block(ERR, NOW, b"<2>x", 1), False))
    assert [(NOW, 2, "x")] == list(text_records(Block(ERR, NOW, b"<2>x", 1), True))


def test_what_is_no_text_becomes_text() -> None:
    block = Block(ERR, NOW, b"a\xff\n\xe4\xb8\nb", 3)
    assert ["a�", "�", "b"] == [line for _, _, line in text_records(block, True)]


def test_a_block_can_be_parted() -> None:
    block = Block(OUT, NOW, b"a\n\nbc\nd", 4, 7.0)
    assert 8 == block.size
    head, tail = block.split(2)
    assert (Block(OUT, NOW, b"a\n", 2, 7.0), Block(OUT, NOW + 2, b"bc\nd", 2, 7.0)) == (head, tail)
    assert block.size == head.size + tail.size
    assert Block(OUT, NOW + 3, b"d", 1, 7.0) == block.without(3)
    assert block is block.without(0)
