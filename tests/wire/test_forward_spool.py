"""What one forwarder writes, the next reads; what is damaged is read up to there, and never believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.core.output_lines import Block, Source
from vigild.wire.forward_spool import (
    FIRST_LINE,
    MAX_HEAD_BYTES,
    Kept,
    Spooled,
    decode_spool,
    encode_block,
    encode_end,
    encode_loss,
)

WEB = Source("web:web_1", "web", "web_1", "stdout", 42)
DB = Source("db", "db", "dé", "stderr", 43)
FIRST = Block(WEB, 10**18, b"one\n\xff\x00two", 2, 5.0)
SECOND = Block(DB, 10**18 + 1, b"", 1, 5.0)
WHOLE = (
    FIRST_LINE
    + encode_loss("a", 3, 30)
    + encode_block("a", FIRST)
    + encode_block("b", SECOND)
    + encode_block("a", SECOND)
    + encode_end()
)


def test_what_is_written_is_read() -> None:
    assert decode_spool(WHOLE, 5.0) == Spooled(
        {"a": Kept([FIRST, SECOND], 3, 30), "b": Kept([SECOND])},
    )
    assert decode_spool(FIRST_LINE + encode_end(), 5.0) == Spooled()


@pytest.mark.parametrize("size", range(len(FIRST_LINE), len(WHOLE)))
def test_what_is_cut_short_is_read_up_to_there(size: int) -> None:
    found = decode_spool(WHOLE[:size], 5.0)
    assert found.damage.startswith("it is cut short, at byte ")
    blocks = [block for kept in found.kept.values() for block in kept.blocks]
    assert all(block in (FIRST, SECOND) for block in blocks)


@given(st.integers(len(FIRST_LINE), len(WHOLE) - 1), st.integers(1, 255))
def test_what_is_changed_is_not_believed(at: int, change: int) -> None:
    data = bytearray(WHOLE)
    data[at] ^= change
    found = decode_spool(bytes(data), 5.0)
    blocks = [block for kept in found.kept.values() for block in kept.blocks]
    assert found.damage
    assert all(block in (FIRST, SECOND) for block in blocks)


@pytest.mark.parametrize(
    ("data", "damage"),
    [
        (b"", "it is of another kind, or of another version"),
        (b"vigil forward spool 2\n", "it is of another kind, or of another version"),
        (FIRST_LINE + b"x" * MAX_HEAD_BYTES, "a record has no end, at byte 22"),
        (FIRST_LINE + b"00000000 []\n", "it is cut short, at byte 22"),
        (FIRST_LINE + b"00000000 {}\n", "a checksum is wrong, at byte 22"),
        (FIRST_LINE + b"?\n", "a record is not understood, at byte 22"),
        (FIRST_LINE + b'00000000 {"bytes":-50}\n', "it is cut short, at byte 22"),
        (FIRST_LINE + encode_end() + b"?", "something follows its end, at byte 22"),
    ],
)
def test_what_is_no_spool_is_said(data: bytes, damage: str) -> None:
    assert decode_spool(data, 5.0) == Spooled({}, damage)
