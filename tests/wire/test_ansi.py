"""Escape sequences out of a stream, wherever it is cut."""

from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.ansi import MAX_SEQUENCE_BYTES, AnsiStripper


def strip(*reads: bytes) -> bytes:
    stripper = AnsiStripper()
    return b"".join(stripper.feed(read) for read in reads) + stripper.flush()


def test_colours_and_cursor_moves_go() -> None:
    assert strip(b"\x1b[31mred\x1b[0m \x1b[2J\x1b[1;1Hhome") == b"red home"


def test_every_final_letter_that_supervisor_knows_ends_a_sequence() -> None:
    for letter in b"HfABCDRsuJKhlpm":
        assert strip(b"a\x1b[12" + bytes([letter]) + b"b") == b"ab"


def test_a_final_letter_that_supervisor_does_not_know_swallows_no_text() -> None:
    assert strip(b"\x1b[5Gtotal") == b"total"


def test_plain_bytes_are_the_very_same_object() -> None:
    data = b"nothing to see"
    assert AnsiStripper().feed(data) is data


def test_a_sequence_cut_between_two_reads_goes_too() -> None:
    assert strip(b"a\x1b", b"[3", b"1mb") == b"ab"


def test_what_only_began_like_a_sequence_is_delivered_at_the_end() -> None:
    assert strip(b"end\x1b[3") == b"end\x1b[3"


def test_an_escape_that_goes_on_differently_stays() -> None:
    assert strip(b"\x1b", b"Mup") == b"\x1bMup"


def test_what_is_held_back_is_bounded() -> None:
    stripper = AnsiStripper()
    endless = b"\x1b[" + b"1" * (2 * MAX_SEQUENCE_BYTES)
    assert stripper.feed(endless) == endless


@given(
    st.lists(st.sampled_from([b"text", b"\n", b"\x1b[0m", b"\x1b[1;31m", b"\x1b[K", b"[m"])).map(b"".join),
    st.lists(st.integers(0, 60)),
)
def test_where_the_stream_is_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    reads, start = [], 0
    for cut in [*sorted(cuts), len(data)]:
        reads.append(data[start:cut])
        start = max(start, cut)
    assert strip(*reads) == strip(data)
