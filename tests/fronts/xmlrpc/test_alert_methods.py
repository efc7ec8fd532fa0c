"""`vigil.getAlerts` and `vigil.testAlert` over the wire."""

import asyncio
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from vigild.core.errors import Fault, VigilError
from vigild.fronts.xmlrpc.dispatch import Dispatcher


def asked(control: FakeControl, method: str, *params: object) -> object:
    return asyncio.run(Dispatcher(control, {}).call(method, list(params)))


def test_how_alerts_stand_and_what_came_of_a_test(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    assert asked(control, "vigil.getAlerts") == [{"name": "ops", "waiting": 0}]
    assert asked(control, "vigil.testAlert", "ops") == "delivered"
    assert control.orders == [("test_alert", "ops")]
    assert control.history.orders[0][:3] == ("testAlert", "", ["ops"])


def test_a_message_that_did_not_arrive_is_a_fault(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.broken = VigilError(Fault.FAILED, "connection refused")
    with pytest.raises(VigilError, match="connection refused"):
        asked(control, "vigil.testAlert", "ops")
    with pytest.raises(VigilError):
        asked(control, "vigil.testAlert", 5)
