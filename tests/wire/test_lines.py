"""Heads before lines, and lines one by one."""

from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.lines import LinePrefixer, LineSplitter


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    reads, start = [], 0
    for place in [*sorted(cuts), len(data)]:
        reads.append(data[start:place])
        start = max(start, place)
    return reads


def test_every_line_gets_the_head() -> None:
    assert LinePrefixer().feed(b"a\nb\n\n", b"> ") == b"> a\n> b\n> \n"


def test_the_next_read_begins_no_line_when_the_last_one_was_unfinished() -> None:
    prefixer = LinePrefixer()
    assert prefixer.feed(b"un", b"1 ") == b"1 un"
    assert prefixer.feed(b"finished\nnext", b"2 ") == b"finished\n2 next"
    assert prefixer.feed(b"", b"3 ") == b""
    assert prefixer.feed(b"\n", b"4 ") == b"\n"
    assert prefixer.feed(b"new\n", b"5 ") == b"5 new\n"


@given(st.lists(st.sampled_from([b"a", b"bc", b"\n"])).map(b"".join), st.lists(st.integers(0, 40)))
def test_where_the_stream_is_cut_makes_no_difference_to_heads(data: bytes, cuts: list[int]) -> None:
    prefixer = LinePrefixer()
    expected = b"".join(b"> " + line for line in data.splitlines(keepends=True))
    assert b"".join(prefixer.feed(read, b"> ") for read in cut(data, cuts)) == expected


def test_lines_come_whole_and_the_last_one_at_the_end() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"one\ntw") == [b"one"]
    assert splitter.feed(b"o\n\nthr") == [b"two", b""]
    assert splitter.flush() == [b"thr"]
    assert splitter.flush() == []


def test_a_line_without_end_goes_out_in_pieces() -> None:
    splitter = LineSplitter(max_bytes=4)
    assert splitter.feed(b"0123456789") == [b"0123", b"4567"]
    assert splitter.feed(b"\n") == [b"89"]


@given(st.lists(st.sampled_from([b"a", b"bc", b"\n"])).map(b"".join), st.lists(st.integers(0, 40)))
def test_where_the_stream_is_cut_makes_no_difference_to_lines(data: bytes, cuts: list[int]) -> None:
    splitter = LineSplitter()
    lines = [line for read in cut(data, cuts) for line in splitter.feed(read)] + splitter.flush()
    assert b"\n".join(lines) == data.removesuffix(b"\n")
