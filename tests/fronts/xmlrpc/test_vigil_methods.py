"""The methods of our own, beside Supervisor's."""

import asyncio
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from vigild.core.errors import Fault, VigilError
from vigild.fronts.xmlrpc.dispatch import Dispatcher


def asked(control: FakeControl, method: str, *params: object) -> object:
    return asyncio.run(Dispatcher(control, {}).call(method, list(params)))


def test_each_reaches_its_operation(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.add("web")
    assert asked(control, "vigil.upgrade") is True
    assert control.orders == [("upgrade",)]
    assert asked(control, "vigil.getDaemonInfo") == {"version": "0.1.0", "generation": 0, "survives": True}
    one = asked(control, "vigil.getProcessInfo", "web")
    assert isinstance(one, dict)
    assert (one["name"], one["statename"], one["wanted"]) == ("web", "RUNNING", "up")
    assert asked(control, "vigil.getAllProcessInfo") == [one]


def test_a_refused_upgrade_is_a_fault(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.broken = VigilError(Fault.FAILED, "the new code is broken")
    with pytest.raises(VigilError, match="FAILED: the new code is broken"):
        asked(control, "vigil.upgrade")


ARGUMENTS: dict[str, list[object]] = {
    "vigil.monitorNow": ["m"],
    "vigil.setMonitor": ["m", True],
    "vigil.setSchedule": ["web", True],
    "vigil.getProcessInfo": ["web"],
    "vigil.testAlert": ["ops"],
    "vigil.testForward": ["central"],
    "vigil.getSamples": ["web"],
    "vigil.createToken": ["ci", "viewer"],
    "vigil.revokeToken": ["a1"],
}


def test_a_schedule_is_paused_and_that_is_noted(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    assert asked(control, "vigil.setSchedule", "web", False) is True
    assert control.orders == [("set_schedule", "web", False)]
    assert [order[:3] for order in control.history.orders] == [("setSchedule", "web", ["web", "False"])]


def test_tokens(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    assert asked(control, "vigil.getTokens") == [{"id": "a1"}]
    made = asked(control, "vigil.createToken", "ci", "operator", ["web:*"], 60)
    assert made == {"id": "a1", "token": "vigil_a1_x"}
    assert asked(control, "vigil.revokeToken", "a1") is True
    assert control.orders == [("create_token", "ci", "operator", ("web:*",), 60), ("revoke_token", "a1")]
    for programs in ("web", [1]):
        with pytest.raises(VigilError, match="INCORRECT_PARAMETERS"):
            asked(control, "vigil.createToken", "ci", "operator", programs)


def test_none_answers_while_the_daemon_ends(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.going_down = True
    for name in Dispatcher(control, {}).table:
        if name.startswith("vigil."):
            with pytest.raises(VigilError, match="SHUTDOWN_STATE"):
                asked(control, name, *ARGUMENTS.get(name, []))
