"""Alerts over the JSON interface."""

from pathlib import Path

import jsonschema

from support.api import Api
from support.fakes import group, program
from vigild.core.errors import Fault, VigilError
from vigild.fronts.api.nouns import alerts
from vigild.fronts.api.shapes import SHAPES

STANDS = {
    "name": "ops",
    "waiting": 1,
    "held": 3,
    "held_until": 7.5,
    "held_for": "quiet hours",
    "delivered": 2,
    "failing_since": 0.0,
    "error": "",
    "refused": "",
    "trouble": "",
    "unkept": 0,
    "lost": 0,
}


class FakeAlerts:
    def list(self) -> list[dict[str, object]]:
        return [dict(STANDS)]

    async def test(self, name: str) -> str:
        if name != "ops":
            raise VigilError(Fault.BAD_NAME, name)
        return "ok: 200"


def test_alerts(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    assert {"alerts": []} == api.ask("GET", "/alerts").json
    assert api.ask("POST", "/alerts/ops/test").code == "no_such_name"
    api.control.alerts = FakeAlerts()  # type: ignore[assignment]
    (told,) = api.ask("GET", "/alerts").json["alerts"]
    jsonschema.validate(told, SHAPES["Alert"])
    assert {"text": "ok: 200"} == api.ask("POST", "/alerts/ops/test").json
    assert api.ask("POST", "/alerts/nope/test").code == "no_such_name"
    assert 2 == len(alerts.ENDPOINTS)
