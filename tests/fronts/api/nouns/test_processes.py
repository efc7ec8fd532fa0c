"""Looking at processes and groups."""

import time
from pathlib import Path

import jsonschema

from support.api import Api
from support.fakes import group, listener, program
from vigild.core.access import Caller, Role
from vigild.core.dependency import Condition, Dependency
from vigild.core.history import Kind
from vigild.fronts.api.nouns import processes
from vigild.fronts.api.shapes import SHAPES


def api(tmp: Path) -> Api:
    waits = (Dependency("db", Condition.RUNNING, ("db:db",)),)
    return Api(
        tmp,
        group(program("web", start_seconds=0, depends_on=waits)),
        group(program("db", start_seconds=60, autostart=False)),
        group(program("a", start_seconds=0), program("b", autostart=False), name="pair"),
        listener("ears", "TICK_5"),
    )


def test_all_of_them_and_some(tmp_path: Path) -> None:
    there = api(tmp_path)
    told = there.ask("GET", "/processes").json
    assert ["db", "ears", "pair:a", "pair:b", "web"] == [one["name"] for one in told["processes"]]
    schema = {**SHAPES["Process"], "components": {"schemas": SHAPES}}
    for one in told["processes"]:
        jsonschema.validate(one, schema)
    assert ["pair:a", "pair:b"] == [
        one["name"] for one in there.ask("GET", "/processes?group=pair").json["processes"]
    ]
    assert ["db", "web"] == [
        one["name"] for one in there.ask("GET", "/processes?state=STARTING").json["processes"]
    ]


def test_one_of_them(tmp_path: Path) -> None:
    there = api(tmp_path)
    told = there.ask("GET", "/processes/web").json
    assert [{"name": "db", "condition": "running", "trouble": "STOPPED"}] == [
        {**told["waiting_for"][0], "trouble": "STOPPED"}
    ]
    assert there.ask("GET", "/processes/nobody").code == "no_such_name"
    assert there.ask("GET", "/processes/pair:*").code == "no_such_name"
    assert [] == there.ask("GET", "/processes/db/tree").json["processes"]


def test_groups(tmp_path: Path) -> None:
    there = api(tmp_path)
    told = {one["name"]: one for one in there.ask("GET", "/groups").json["groups"]}
    assert {"RUNNING": 1, "STOPPED": 1} == told["pair"]["states"]
    assert ["pair:a", "pair:b"] == there.ask("GET", "/groups/pair").json["processes"]
    for one in told.values():
        jsonschema.validate(one, SHAPES["Group"])
    assert there.ask("GET", "/groups/web:x").code == "no_such_name"


def test_health_names_what_is_wrong(tmp_path: Path) -> None:
    there = api(tmp_path)
    assert ("ok", ["web"]) == ((got := there.ask("GET", "/health").json)["status"], got["waiting"])
    there.world.exits("db", 1 << 8)
    assert ("degraded", ["db"]) == ((got := there.ask("GET", "/health").json)["status"], got["backoff"])


def test_who_waits_for_whom(tmp_path: Path) -> None:
    told = api(tmp_path).ask("GET", "/dependencies").json
    schema = next(one.result for one in processes.ENDPOINTS if one.id == "getDependencies")
    jsonschema.validate(told, schema)
    assert [["db", "ears", "pair:a", "pair:b"], ["web"]] == [sorted(wave) for wave in told["waves"]]
    web = next(one for one in told["processes"] if one["name"] == "web")
    assert (2, True) == (web["wave"], web["depends_on"][0]["waited_for"])


def test_a_thousand_are_told_of_quickly(tmp_path: Path) -> None:
    there = Api(
        tmp_path, group(*(program(f"p{number}", start_seconds=0) for number in range(1000)), name="many")
    )
    there.ask("GET", "/processes")
    began = time.process_time()
    assert 1000 == len(there.ask("GET", "/processes").json["processes"])
    assert time.process_time() - began < 1.0  # some 15 ms; only a defect of order is looked for here


def test_a_schedule_is_paused_and_resumed(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("job", schedule="0 3 * * *")), group(program("web")))
    for order, is_paused in (("pause", True), ("resume", False)):
        told = api.ask("POST", f"/processes/job/schedule/{order}").json
        assert is_paused is told["schedule"]["paused"]
    assert "failed" == api.ask("POST", "/processes/web/schedule/pause").code
    noted = [(fact.name, fact.details["method"]) for fact in api.keeper.noted if fact.kind == Kind.ORDER]
    assert noted == [("job", "pauseSchedule"), ("job", "resumeSchedule"), ("web", "pauseSchedule")]
    viewer = Caller("vic", Role.VIEWER, "password")
    assert "forbidden" == api.ask("POST", "/processes/job/schedule/pause", who=viewer).code
