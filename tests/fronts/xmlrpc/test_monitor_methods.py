"""`vigil.getMonitors`, `vigil.monitorNow` and `vigil.setMonitor` over the wire."""

import asyncio
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from vigild.core.errors import VigilError
from vigild.fronts.xmlrpc.dispatch import Dispatcher


def asked(control: FakeControl, method: str, *params: object) -> object:
    return asyncio.run(Dispatcher(control, {}).call(method, list(params)))


def test_all_monitors_or_one(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    disk, web = {"name": "disk", "state": "passed"}, {"name": "web", "state": "failed"}
    assert asked(control, "vigil.getMonitors") == [disk, web]
    assert asked(control, "vigil.getMonitors", "") == [disk, web]
    assert asked(control, "vigil.getMonitors", "web") == [web]
    with pytest.raises(VigilError, match="BAD_NAME: no"):
        asked(control, "vigil.getMonitors", "no")


def test_orders_are_carried_out_and_noted(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    assert asked(control, "vigil.monitorNow", "web") is True
    assert asked(control, "vigil.setMonitor", "web", False) is True
    assert control.orders == [("look", "web"), ("set_enabled", "web", False)]
    assert [order[:3] for order in control.history.orders] == [
        ("monitorNow", "web", ["web"]),
        ("setMonitor", "web", ["web", "False"]),
    ]
