"""Orders over the JSON interface, and the operations that they become."""

import asyncio
from pathlib import Path

import jsonschema
import pytest

from support.api import Api
from support.fakes import group, program
from vigild.fronts.api.nouns.operations import operation_view
from vigild.fronts.api.shapes import SHAPES


def api(tmp: Path) -> Api:
    return Api(
        tmp,
        group(program("web", start_seconds=0)),
        group(program("slow", start_seconds=60)),
        group(program("a", start_seconds=0), program("b", start_seconds=0), name="pair"),
    )


def test_a_refusal_is_a_problem(tmp_path: Path) -> None:
    there = api(tmp_path)
    reply = there.ask("POST", "/processes/web/start")
    assert (409, "already_started", "web") == (reply.status, reply.code, reply.json["detail"])
    assert there.ask("POST", "/processes/nobody/stop").code == "no_such_name"
    told = [fact.details.get("failed") for fact in there.keeper.noted if fact.kind == "order"]
    assert ["already_started: web", "BAD_NAME: nobody"] == told  # each once
    assert there.ask("POST", "/processes/web/signal", {"signal": "NOPE"}).code == "bad_signal"
    there.world.children.missing.add("web")
    there.ask("POST", "/processes/web/stop")
    there.world.exits("web")
    assert there.ask("POST", "/processes/web/start").code == "command_not_found"


def test_an_order_that_goes_on_is_an_operation(tmp_path: Path) -> None:
    there = api(tmp_path)

    async def run() -> None:
        begun = await there.asked("POST", "/processes/web/stop")
        assert (202, "running") == (begun.status, begun.json["state"])
        jsonschema.validate(begun.json, {**SHAPES["Operation"], "components": {"schemas": SHAPES}})
        where = begun.headers["Location"].removeprefix("/api/v1")
        assert "running" == (await there.asked("GET", where)).json["state"]
        waiting = asyncio.ensure_future(there.asked("GET", f"{where}?wait_seconds=30"))
        await asyncio.sleep(0)
        there.world.exits("web")
        done = (await waiting).json
        assert ("done", [{"name": "web", "ok": True, "code": None, "detail": ""}]) == (
            done["state"],
            done["outcomes"],
        )
        assert [done] == (await there.asked("GET", "/operations")).json["operations"]

    asyncio.run(run())


def test_many_at_once_and_the_outcome_of_each(tmp_path: Path) -> None:
    there = api(tmp_path)
    body = {"action": "signal", "signal": "HUP", "names": ["pair:*", "web", "web"]}
    told = there.ask("POST", "/actions", body)
    assert (200, ["pair:a", "pair:b", "web"]) == (told.status, told.json["names"])
    assert 3 == len(there.world.children.kills)
    body = {"action": "start", "names": ["*"]}
    told = there.ask("POST", "/actions", body)
    assert "failed" == told.json["state"]
    assert {"already_started"} == {one["code"] for one in told.json["outcomes"]}
    assert (
        there.ask("POST", "/actions", {"action": "start", "names": ["web", "nobody"]}).code == "no_such_name"
    )
    assert there.ask("POST", "/actions", {"action": "signal", "names": ["web"]}).code == "invalid_argument"
    assert there.ask("POST", "/actions", {"action": "eval", "names": ["web"]}).code == "invalid_argument"


@pytest.mark.parametrize("action", ["stop", "restart"])
def test_a_group(tmp_path: Path, action: str) -> None:
    there = api(tmp_path)

    async def run() -> None:
        begun = await there.asked("POST", f"/groups/pair/{action}")
        assert 202 == begun.status
        for name in ("pair:a", "pair:b"):
            there.world.exits(name)
        done = (await there.asked("GET", f"/operations/{begun.json['id']}?wait_seconds=30")).json
        assert ("done", 2) == (done["state"], len(done["outcomes"]))

    asyncio.run(run())
    assert {"stop": "STOPPED", "restart": "RUNNING"}[action] == there.world.state("pair:a")


def test_giving_up_leaves_what_was_ordered(tmp_path: Path) -> None:
    there = api(tmp_path)

    async def run() -> None:
        begun = await there.asked("POST", "/processes/web/stop")
        gone = await there.asked("DELETE", f"/operations/{begun.json['id']}")
        assert "cancelled" == gone.json["state"]

    asyncio.run(run())
    assert "STOPPING" == there.world.state("web")
    assert there.ask("GET", "/operations/nope").code == "no_such_operation"


def test_stdin(tmp_path: Path) -> None:
    there = api(tmp_path)
    assert 204 == there.ask("POST", "/processes/web/stdin", {"text": "ä\n"}).status
    assert ["ä\n".encode()] == there.world.child("web").stdin
    there.world.child("web").stdin_closed = True
    assert there.ask("POST", "/processes/web/stdin", {"text": "x"}).code == "no_file"


def test_an_operation_as_json(tmp_path: Path) -> None:
    there = api(tmp_path)

    async def run() -> None:
        operation = there.control.operations.begin(there_action("clear_logs"), ["web"])
        await there.control.operations.wait(operation, 5)
        assert "done" == operation_view(operation)["state"]

    asyncio.run(run())


def there_action(word: str):  # type: ignore[no-untyped-def]
    from vigild.control.operations import Action

    return Action(word)
