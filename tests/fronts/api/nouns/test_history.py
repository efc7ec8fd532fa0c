"""History and stories over the JSON interface."""

from pathlib import Path

import jsonschema

from support.api import Api
from support.fakes import group, program
from vigild.fronts.api.nouns import history
from vigild.fronts.api.shapes import SHAPES


def test_what_happened(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    api.keeper.found = [{"id": 1, "at": 1.0, "kind": "state", "name": "web", "details": {}}]
    assert {"facts": api.keeper.found} == api.ask("GET", "/history").json
    assert api.ask("GET", "/history?kinds=nope").code == "invalid_argument"
    off = Api(tmp_path, group(program("web")), history=False)
    assert off.ask("GET", "/history").code == "not_configured"


def test_why_it_failed(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    assert api.ask("GET", "/processes/web/why").code == "no_failure"
    exit_ = {"status": 3, "expected": False, "pid": 7, "ran": 1.0, "state": "RUNNING"}
    api.keeper.found = [
        {"id": 4, "at": 10.0, "kind": "exit", "name": "web", "details": exit_, "stderr": ["boom"]},
        {
            "id": 5,
            "at": 11.0,
            "kind": "state",
            "name": "web",
            "details": {"new": "RUNNING", "old": "STARTING"},
        },
    ]
    told = api.ask("GET", "/processes/web/why").json
    schema = history.ENDPOINTS[1].result
    jsonschema.validate(told, {**schema, "components": {"schemas": SHAPES}})  # type: ignore[dict-item]
    parts = {one["part"]: one["text"] for one in told["story"]}
    assert "boom" == parts["stderr"]
    assert "exit status 3" in parts["what"]
    assert "RUNNING since" in parts["then"]
