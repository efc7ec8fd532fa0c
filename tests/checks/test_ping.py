import asyncio
import struct

import pytest

from vigild.checks import ping
from vigild.checks.reading import CannotLookError


def test_the_checksum_of_a_packet_with_its_checksum_is_zero() -> None:
    for payload in (b"", b"odd", b"even"):
        made = ping.packet(8, 7, payload)
        assert ping.checksum(made) == 0
        assert made[:2] == b"\x08\0"
        assert made[8:] == payload


def test_answers_are_known_by_their_payload() -> None:
    body = struct.pack("!BBHHH", 0, 0, 0, 1, 2) + b"payload"
    header = bytes([0x45]) + b"\0" * 19
    assert ping.is_reply(body, 0, b"payload")
    assert ping.is_reply(header + body, 0, b"payload")
    assert not ping.is_reply(body, 0, b"another")
    assert not ping.is_reply(b"\x08" + body[1:], 0, b"payload")
    assert not ping.is_reply(b"", 0, b"payload")


def test_this_machine_answers_itself() -> None:
    try:
        assert 0 < asyncio.run(ping.ping("127.0.0.1", 5.0)) < 5
    except CannotLookError as error:
        pytest.skip(str(error))
