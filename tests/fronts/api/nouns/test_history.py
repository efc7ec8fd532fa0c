"""History and stories over the JSON interface."""

from pathlib import Path

import jsonschema

from support.api import Api
from support.fakes import group, program
from vigild.core.access import Caller, Role
from vigild.fronts.api.nouns import history
from vigild.fronts.api.shapes import SHAPES


def test_what_happened(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    api.keeper.found = [{"id": 1, "at": 1.0, "kind": "state", "name": "web", "details": {}}]
    assert {"facts": api.keeper.found} == api.ask("GET", "/history").json
    assert api.ask("GET", "/history?kinds=nope").code == "invalid_argument"
    off = Api(tmp_path, group(program("web")), history=False)
    assert off.ask("GET", "/history").code == "not_configured"


def test_a_token_for_some_programs_is_told_of_these(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")), group(program("db")))
    who = Caller("token:ci", Role.VIEWER, "token", programs=("web",))
    assert 200 == api.ask("GET", "/history", who=who).status
    assert 200 == api.ask("GET", "/history?name=web", who=who).status
    assert "forbidden" == api.ask("GET", "/history?name=db", who=who).code
    api.ask("GET", "/history")
    assert [("web",), ("web",), ()] == [query.programs for query in api.keeper.asked]


def test_of_others_no_story_and_no_samples_are_told(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")), group(program("db")))
    exit_ = {"status": 3, "expected": False, "pid": 7, "ran": 1.0, "state": "RUNNING"}
    api.keeper.found = [{"id": 4, "at": 10.0, "kind": "exit", "name": "db", "details": exit_}]
    who = Caller("token:ci", Role.ADMIN, "token", programs=("web",))
    assert 200 == api.ask("GET", "/processes/db/why").status
    assert "forbidden" == api.ask("GET", "/processes/db/why", who=who).code
    assert "forbidden" == api.ask("GET", "/processes/db/samples", who=who).code


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
