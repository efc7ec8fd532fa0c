"""Lines as JSON: each line once and whole, however the stream was cut."""

import json
import re
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.json_lines import MAX_LINE_BYTES, JsonLines

TIME = "2026-11-20T22:00:00.123+01:00"
ABOUT = {"time": TIME, "program": "web:web_0", "stream": "stdout"}
PIECES = [b"a", b"0123456", b"\n", b"\r\n", b"\r", b"\\", b"\\n", b'"', b"\x1b[31m", b"\x00", b"\x7f", b"\t"]
PIECES += [text.encode() for text in ("é", "汉字", "\U0001f600", "\x9b", "\x80", "\xa0", "\u2028", "\ufffd")]
PIECES += [b"\xff", b"\xc2", b"\xe6\xb1", b"\xf0\x9f\x98", b"\x80\x80\x80\x80\x80", b"\xed\xa0\x80"]


def play(reads: list[bytes], max_bytes: int = MAX_LINE_BYTES) -> bytes:
    lines = JsonLines("web:web_0", "stdout", max_bytes)
    written = b"".join(lines.feed(read, TIME.encode()) for read in reads)
    return written + lines.flush(TIME.encode())


def parsed(written: bytes) -> list[dict[str, object]]:
    assert not written or written.endswith(b"\n")
    return [json.loads(line) for line in written.decode().split("\n")[:-1]]


def messages(*reads: bytes) -> list[object]:
    return [found["message"] for found in parsed(play(list(reads)))]


def plainly(data: bytes, max_bytes: int) -> list[dict[str, object]]:
    """The same, written with no thought of speed."""
    found: list[dict[str, object]] = []
    for whole in data.split(b"\n")[: None if not data.endswith(b"\n") and data else -1]:
        line = whole
        while len(line) > max_bytes:
            cut = max_bytes
            while cut > max_bytes - 3 and line[cut] & 0xC0 == 0x80:
                cut -= 1
            if line[cut] & 0xC0 == 0x80:
                cut = max_bytes
            found.append(ABOUT | {"message": line[:cut].decode("utf-8", "replace"), "partial": True})
            line = line[cut:]
        found.append(ABOUT | {"message": line.removesuffix(b"\r").decode("utf-8", "replace")})
    return found


def test_a_line_is_an_object_and_its_keys_have_an_order() -> None:
    expected = (
        f'{{"time":"{TIME}","program":"web:web_0","stream":"stdout","message":"one"}}\n'
        f'{{"time":"{TIME}","program":"web:web_0","stream":"stdout","message":""}}\n'
    )
    assert expected.encode() == play([b"one\n\n"])


def test_half_a_line_waits_for_the_rest_or_the_end() -> None:
    lines = JsonLines("web", "stderr")
    assert b"" == lines.feed(b"ha", b"t")
    assert b"ha" == lines.held
    assert [{"time": "u", "program": "web", "stream": "stderr", "message": "half"}] == parsed(
        lines.feed(b"lf\n", b"u")
    )
    assert b"" == lines.held == lines.flush(b"v")
    lines.feed(b"end\r", b"w")
    assert ["end"] == [found["message"] for found in parsed(lines.flush(b"x"))]
    assert b"" == lines.flush(b"y")


def test_names_are_escaped_too() -> None:
    lines = JsonLines('a"b\\:中', "stdout")
    (found,) = parsed(lines.feed(b"x\n", b"t"))
    assert 'a"b\\:中' == found["program"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"crlf\r\n", "crlf"),
        (b"two\r\r\n", "two\r"),
        (b"10%\r20%\r\n", "10%\r20%"),
        (b'say "\\n"\n', 'say "\\n"'),
        (b"\x1b[31mred\x1b[0m\x07\n", "\x1b[31mred\x1b[0m\x07"),
        (b"\x7f\x00\n", "\x7f\x00"),
        ("\x9b31m \x85 \xa0é".encode() + b"\n", "\x9b31m \x85 \xa0é"),
        ("汉字 \U0001f600\n".encode(), "汉字 \U0001f600"),
        (b"\xff\xc2\n", "\ufffd\ufffd"),
        (b"\xe6\xb1\n", "\ufffd"),
        (b"\xed\xa0\x80\n", "\ufffd\ufffd\ufffd"),
    ],
)
def test_what_becomes_of_a_message(data: bytes, message: str) -> None:
    assert [message] == messages(data)


def test_readable_text_stays_readable_and_no_terminal_obeys_the_rest() -> None:
    written = play(["汉字 \x1b]0;x\x07 \x9b1m \x7f\x08 del\x7f\x7f\n".encode()])
    assert "汉字".encode() in written
    assert rb"\u001b]0;x\u0007 \u009b1m \u007f\b del\u007f\u007f" in written


def test_every_control_character_in_short_texts_and_in_long_ones() -> None:
    signs = "".join(chr(number) for number in range(0xA0) if chr(number) not in "\n\r") + "\r."
    for padding in (0, 10000):
        written = play([signs.encode() + b"x" * padding + b"\n"])
        assert [signs + "x" * padding] == [found["message"] for found in parsed(written)]
        assert re.search(b"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", written) is None


def test_a_long_line_comes_in_parts() -> None:
    big = b"x" * MAX_LINE_BYTES
    assert [ABOUT | {"message": big.decode()}] == parsed(play([big + b"\n"]))
    first, rest = parsed(play([big + b"y\r\n"]))
    assert ABOUT | {"message": big.decode(), "partial": True} == first
    assert ABOUT | {"message": "y"} == rest
    assert 17 == len(parsed(play([b"z" * 1000] * (16 * MAX_LINE_BYTES // 1000) + [b"z" * 600])))


def test_a_long_line_between_others_in_one_read() -> None:
    assert ["a", "b", "01234567", "89", "c", "", "d"] == [
        found["message"] for found in parsed(play([b"a\nb\n0123456789\nc\n\nd"], 8))
    ]
    assert ["\ufffd" * 8, "\ufffd"] == [found["message"] for found in parsed(play([b"\x80" * 9 + b"\n"], 8))]


def test_no_more_is_held_than_one_part() -> None:
    lines = JsonLines("web", "stdout")
    for _ in range(100):
        lines.feed(b"x" * 5000, b"t")
        assert MAX_LINE_BYTES >= len(lines.held)
    lines.feed(b"x" * 10 * MAX_LINE_BYTES, b"t")
    assert MAX_LINE_BYTES >= len(lines.held)


def test_every_short_text_cut_anywhere_gives_the_same() -> None:
    for pieces in product([b"\n", b"a", b"\r", "é".encode(), b"\xe6", b"\x80", b"\x7f"], repeat=4):
        data = b"".join(pieces)
        expected = play([data], 4)
        assert plainly(data, 4) == parsed(expected)
        for cut in range(1, len(data)):
            assert expected == play([data[:cut], data[cut:]], 4)


@given(
    st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join),
    st.lists(st.integers(0, 120), max_size=8),
    st.integers(4, 30),
)
def test_where_the_stream_is_cut_makes_no_difference(data: bytes, cuts: list[int], max_bytes: int) -> None:
    places = [0, *sorted(cuts), len(data)]
    reads = [data[start:end] for start, end in pairwise(places)]
    written = play(reads, max_bytes)
    assert play([data], max_bytes) == written
    assert plainly(data, max_bytes) == parsed(written)
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", written.decode()) is None


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_at_all(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(data)]
    reads = [data[start:end] for start, end in pairwise(places)]
    assert plainly(data, 16) == parsed(play(reads, 16))
