"""Alerts as a door sees them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from support.fakes import FakeWorker, World
from vigild.control.alerts import Alerts
from vigild.core.errors import Fault, VigilError
from vigild.engine.telling import Telling


@dataclass
class Desk:
    names: Sequence[str]
    telling: Telling


def desk() -> tuple[Desk, FakeWorker]:
    telling, worker = Telling(World().ports, {}), FakeWorker()
    telling.attend(worker)
    telling.configure({}, [{"name": "ops"}, {"name": "dev"}])
    return Desk(("ops", "dev"), telling), worker


def test_each_alert_is_told_of_with_what_is_known() -> None:
    known, worker = desk()
    worker.start()
    report = {
        "waiting": 2,
        "held": 4,
        "held_until": 9.5,
        "held_for": "quiet hours",
        "delivered": 7,
        "failing_since": 1.5,
        "error": "refused",
        "refused": "no robot",
        "x": [],
    }
    worker.says(type="report", alerts={"ops": report, "dev": {"waiting": "many"}})
    plain = {"trouble": "", "unkept": 0, "lost": 0}
    assert Alerts(lambda: known).list() == [
        {
            "name": "ops",
            **plain,
            "waiting": 2,
            "held": 4,
            "held_until": 9.5,
            "held_for": "quiet hours",
            "delivered": 7,
            "failing_since": 1.5,
            "error": "refused",
            "refused": "no robot",
        },
        {
            "name": "dev",
            **plain,
            "waiting": 0,
            "held": 0,
            "held_until": 0.0,
            "held_for": "",
            "delivered": 0,
            "failing_since": 0.0,
            "error": "",
            "refused": "",
        },
    ]
    worker.dies("exit status 9")
    assert [facts["trouble"] for facts in Alerts(lambda: known).list()] == [
        "the alert deliverer does not run: exit status 9"
    ] * 2


def test_only_an_alert_that_there_is_can_be_tried() -> None:
    known, worker = desk()
    with pytest.raises(VigilError, match="nobody: the alerts are ops, dev") as caught:
        asyncio.run(Alerts(lambda: known).test("nobody"))
    assert caught.value.fault is Fault.BAD_NAME

    async def play() -> str:
        worker.start()
        task = asyncio.create_task(Alerts(lambda: known).test("dev"))
        await asyncio.sleep(0)
        worker.says(type="tested", id=worker.take("test")[0]["id"], ok=True, text="delivered")
        return await task

    assert asyncio.run(play()) == "delivered"


def test_without_alerts_there_is_nothing_to_tell() -> None:
    alerts = Alerts(lambda: None)
    assert alerts.list() == []
    with pytest.raises(VigilError, match=r"there is no \[alert:x\] in the configuration"):
        asyncio.run(alerts.test("ops"))
