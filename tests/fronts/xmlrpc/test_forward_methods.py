"""`vigil.getForwards` and `vigil.testForward` over the wire."""

import asyncio
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from vigild.core.errors import Fault, VigilError
from vigild.fronts.xmlrpc.dispatch import Dispatcher


def asked(control: FakeControl, method: str, *params: object) -> object:
    return asyncio.run(Dispatcher(control, {}).call(method, list(params)))


def test_how_forwards_stand_and_what_came_of_a_test(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    forwards = asked(control, "vigil.getForwards")
    assert isinstance(forwards, list)
    assert forwards[0]["name"] == "central"
    assert forwards[0]["channels"] == ["stdout", "stderr"]
    assert (forwards[0]["sent_bytes"], forwards[0]["unsent_bytes"]) == (5 << 30, 3)
    assert asked(control, "vigil.testForward", "central") == "delivered"
    assert control.orders == [("test_forward", "central")]
    assert control.history.orders[0][:3] == ("testForward", "", ["central"])


def test_a_line_that_did_not_arrive_is_a_fault(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    with pytest.raises(VigilError, match="connection refused") as caught:
        asked(control, "vigil.testForward", "other")
    assert caught.value.fault is Fault.FAILED
