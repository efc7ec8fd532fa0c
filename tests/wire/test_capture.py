"""Captured parts out of a stream, wherever it is cut."""

from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.capture import BEGIN_TOKEN, END_TOKEN, CaptureSplitter


def split(*reads: bytes, max_bytes: int = 1000) -> tuple[bytes, list[bytes]]:
    splitter = CaptureSplitter(max_bytes)
    log, parts = b"", []
    for read in reads:
        more, complete = splitter.feed(read)
        log += more
        parts += complete
    return log + splitter.flush(), parts


def test_text_without_tokens_is_delivered_at_once_however_short() -> None:
    assert CaptureSplitter(100).feed(b"hi\n") == (b"hi\n", [])


def test_a_part_between_tokens_is_taken_out() -> None:
    assert split(b"a" + BEGIN_TOKEN + b"secret" + END_TOKEN + b"b") == (b"ab", [b"secret"])


def test_several_parts_in_one_read() -> None:
    data = (
        BEGIN_TOKEN + b"1" + END_TOKEN + b"-" + BEGIN_TOKEN + b"" + END_TOKEN + BEGIN_TOKEN + b"3" + END_TOKEN
    )
    assert split(data) == (b"-", [b"1", b"", b"3"])


def test_only_the_beginning_of_a_token_is_held_back() -> None:
    splitter = CaptureSplitter(100)
    assert splitter.feed(b"x < y <!--") == (b"x < y ", [])
    assert splitter.feed(b" a comment -->") == (b"<!-- a comment -->", [])


def test_a_part_keeps_its_last_bytes() -> None:
    assert split(BEGIN_TOKEN + b"0123456789" + END_TOKEN, max_bytes=4) == (b"", [b"6789"])
    assert split(BEGIN_TOKEN + b"012345", b"6789" + END_TOKEN, max_bytes=4) == (b"", [b"6789"])


def test_end_without_begin_is_text_and_begin_within_a_part_is_part_of_it() -> None:
    assert split(END_TOKEN + b"x") == (END_TOKEN + b"x", [])
    assert split(BEGIN_TOKEN + b"a" + BEGIN_TOKEN + b"b" + END_TOKEN) == (b"", [b"a" + BEGIN_TOKEN + b"b"])


def test_a_part_that_never_ends_is_delivered_as_text_at_the_end() -> None:
    assert split(b"a" + BEGIN_TOKEN + b"last words <!--X") == (b"alast words <!--X", [])


@given(
    st.lists(st.sampled_from([b"text ", b"<", b"<!--X", b"-->\n", BEGIN_TOKEN, END_TOKEN])).map(b"".join),
    st.lists(st.integers(0, 120)),
    st.sampled_from([1, 5, 1000]),
)
def test_where_the_stream_is_cut_makes_no_difference(data: bytes, cuts: list[int], max_bytes: int) -> None:
    reads, start = [], 0
    for cut in [*sorted(cuts), len(data)]:
        reads.append(data[start:cut])
        start = max(start, cut)
    whole_log, whole_parts = split(data, max_bytes=max_bytes)
    log, parts = split(*reads, max_bytes=max_bytes)
    assert (parts, log) == (whole_parts, whole_log)
