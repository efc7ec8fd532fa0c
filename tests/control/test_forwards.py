"""Forwards as a door sees them."""

import asyncio

import pytest

from vigild.control.forwards import Forwards
from vigild.core.errors import Fault, VigilError
from vigild.core.forwards import ForwardCounts, ForwardInfo


def info(name: str) -> ForwardInfo:
    return ForwardInfo(name, "", ("*",), ("stdout",), 0, True, "", 0, 0, ForwardCounts(), 0.0, "")


class Desk:
    def status(self) -> list[ForwardInfo]:
        return [info("central"), info("audit")]

    async def test(self, name: str) -> tuple[bool, str]:
        return name == "audit", f"asked {name}"


def test_only_a_forward_that_there_is_can_be_tried() -> None:
    forwards = Forwards(Desk)
    assert [each.name for each in forwards.status()] == ["central", "audit"]
    assert asyncio.run(forwards.test("audit")) == (True, "asked audit")
    assert asyncio.run(forwards.test("central")) == (False, "asked central")
    with pytest.raises(VigilError, match="nobody: the forwards are central, audit") as caught:
        asyncio.run(forwards.test("nobody"))
    assert caught.value.fault is Fault.BAD_NAME


def test_without_forwards_there_is_nothing_to_tell() -> None:
    forwards = Forwards(lambda: None)
    assert forwards.status() == []
    with pytest.raises(VigilError, match=r"there is no \[forward:x\] in the configuration"):
        asyncio.run(forwards.test("central"))
