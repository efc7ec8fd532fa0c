"""Monitors over the JSON interface."""

from pathlib import Path

import jsonschema

from support.api import Api
from support.fakes import group, program
from vigild.core.errors import Fault, VigilError
from vigild.fronts.api.nouns import monitors
from vigild.fronts.api.shapes import SHAPES


class FakeMonitors:
    """One of them, `disk`."""

    def __init__(self) -> None:
        self.facts: dict[str, object] = {
            "name": "disk",
            "type": "filesystem",
            "state": "failed",
            "since": 5.0,
            "read_at": 6.0,
            "values": {"space_percent": 91.5, "path": "/", "readonly": False},
            "error": "",
            "unknown_because": "",
            "held_because": "",
            "cycles": 30,
            "interval_seconds": 30.0,
            "rules": ["space"],
            "raised": ["space"],
            "trouble": "91.5 % full",
        }
        self.looked = 0

    def all(self) -> list[dict[str, object]]:
        return [dict(self.facts)]

    def one(self, name: str) -> dict[str, object]:
        if name != "disk":
            raise VigilError(Fault.BAD_NAME, name)
        return dict(self.facts)

    def look(self, name: str) -> None:
        self.one(name)
        self.looked += 1

    def set_enabled(self, name: str, is_enabled: bool) -> None:
        self.one(name)
        self.facts["state"] = "unknown" if is_enabled else "disabled"


def test_monitors(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    assert {"monitors": []} == api.ask("GET", "/monitors").json
    assert api.ask("GET", "/monitors/disk").code == "no_such_name"
    there = FakeMonitors()
    api.control.monitors = there  # type: ignore[assignment]
    (told,) = api.ask("GET", "/monitors").json["monitors"]
    jsonschema.validate(told, SHAPES["Monitor"])
    assert ("failed", "91.5 % full") == (told["state"], told["text"])
    assert "paused" == api.ask("POST", "/monitors/disk/pause").json["state"]
    assert "unknown" == api.ask("POST", "/monitors/disk/resume").json["state"]
    assert (202, 1) == (api.ask("POST", "/monitors/disk/look").status, there.looked)
    assert api.ask("POST", "/monitors/nope/look").code == "no_such_name"
    assert 5 == len(monitors.ENDPOINTS)
