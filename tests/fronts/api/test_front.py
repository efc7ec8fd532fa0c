"""From a request to its endpoint: paths, methods, roles, bodies, and what the history is told."""

from pathlib import Path

import pytest

from support.api import ADMIN, Api
from support.fakes import group, program
from vigild.core.access import Caller, Role
from vigild.core.history import Kind
from vigild.core.states import SupervisorState
from vigild.fronts.api.front import PREFIX, encode


def api(tmp: Path) -> Api:
    return Api(tmp, group(program("web", start_seconds=0)), group(program("a/b", start_seconds=0)))


def test_names_in_paths_are_decoded_one_by_one(tmp_path: Path) -> None:
    there = api(tmp_path)
    assert there.ask("GET", "/processes/web").json["name"] == "web"
    assert there.ask("GET", "/processes/a%2Fb").json["name"] == "a/b"
    assert there.ask("GET", "/processes/a/b").status == 404
    assert there.ask("GET", "/processes/%FF").code == "malformed"


@pytest.mark.parametrize(
    "path", ["", "/", "/nope", "/processes/", "/processes/web/", "/daemon/shutdown/x", "/{}", "/ GET"]
)
def test_what_is_not_there(tmp_path: Path, path: str) -> None:
    reply = api(tmp_path).ask("GET", path)
    assert (404, "application/problem+json") == (reply.status, reply.headers["Content-Type"])


def test_nothing_acts_on_get(tmp_path: Path) -> None:
    there = api(tmp_path)
    for path in ("/processes/web/stop", "/daemon/shutdown", "/config/apply", "/actions"):
        reply = there.ask("GET", path)
        assert (405, "POST", "method_not_allowed") == (reply.status, reply.headers["Allow"], reply.code)
    assert there.ask("POST", "/processes").headers["Allow"] == "GET, HEAD"
    assert there.ask("DELETE", "/operations").status == 405
    assert there.lifecycle.orders == []
    assert there.world.state("web") == "RUNNING"


def test_head_is_answered_where_get_is(tmp_path: Path) -> None:
    assert api(tmp_path).ask("HEAD", "/daemon", headers={}).status == 200


@pytest.mark.parametrize(
    ("method", "path", "least"),
    [
        ("GET", "/processes", Role.VIEWER),
        ("POST", "/processes/web/signal", Role.OPERATOR),
        ("POST", "/daemon/upgrade", Role.ADMIN),
    ],
)
def test_roles(tmp_path: Path, method: str, path: str, least: Role) -> None:
    there = api(tmp_path)
    for role in Role:
        reply = there.ask(
            method, path, {"signal": "HUP"} if "signal" in path else None, who=Caller("x", role, "token")
        )
        if role >= least:
            assert reply.status < 300
        else:
            assert (403, "forbidden") == (reply.status, reply.code)
            assert least.name.lower() in reply.json["detail"]


def test_an_order_must_say_json(tmp_path: Path) -> None:
    there = api(tmp_path)
    for headers in (
        {},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
    ):
        assert there.ask("POST", "/processes/web/stop", headers=headers).status == 415
    assert there.world.state("web") == "RUNNING"
    assert (
        there.ask(
            "POST", "/processes/web/stop", headers={"content-type": "application/JSON; charset=utf-8"}
        ).status
        < 300
    )


def test_orders_are_in_the_history_and_questions_are_not(tmp_path: Path) -> None:
    there = api(tmp_path)
    there.ask("GET", "/processes")
    there.ask("POST", "/processes/web/signal", {"signal": "HUP"})
    there.ask("POST", "/processes/nope/stop", {})
    there.ask("POST", "/processes/web/stdin", {"text": "secret words"})
    there.ask("POST", "/actions", {"action": "signal", "signal": "HUP", "names": ["web"] * 30})
    told = [(fact.name, fact.details) for fact in there.keeper.noted if fact.kind is Kind.ORDER]
    assert (
        "web",
        {"method": "signalProcess", "arguments": ["web", "HUP"], "by": "ada@10.0.0.7", "via": "password"},
    ) == told[0]
    assert ("nope", "stopProcess", "BAD_NAME: nope") == (
        told[1][0],
        told[1][1]["method"],
        told[1][1]["failed"],
    )
    assert "secret" not in str(told[2])
    assert told[3][1]["arguments"][-1] == "and 10 more"  # type: ignore[index]
    assert len(told) == 4


def test_a_daemon_that_ends_says_so(tmp_path: Path) -> None:
    there = api(tmp_path)
    there.world.engine.mood = SupervisorState.SHUTDOWN
    assert there.ask("GET", "/processes").code == "shutting_down"
    assert there.ask("GET", "/daemon").json["state"] == "SHUTDOWN"


def test_json_of_what_is_not_unicode() -> None:
    assert encode({"path": "/\udcff", "n": 1}) == b'{"path":"/?","n":1}'
    assert PREFIX == "/api/v1"
    assert ADMIN.may(Role.ADMIN)


def test_a_token_for_some_programs_is_for_no_others(tmp_path: Path) -> None:
    there = api(tmp_path)
    who = Caller("ci", Role.OPERATOR, "token", "10.0.0.8", programs=("web",))
    assert ["web"] == [one["name"] for one in there.ask("GET", "/processes", who=who).json["processes"]]
    assert 200 == there.ask("GET", "/processes/web", who=who).status
    assert 200 == there.ask("GET", "/caller", who=who).status
    for method, path in (
        ("GET", "/processes/a%2Fb"),
        ("GET", "/daemon"),
        ("GET", "/daemon/samples"),
        ("GET", "/processes/a%2Fb/why"),
        ("GET", "/processes/a%2Fb/samples"),
        ("GET", "/processes/gone/why"),
        ("GET", "/history?name=a%2Fb"),
        ("GET", "/monitors"),
        ("GET", "/alerts"),
    ):
        assert "forbidden" == there.ask(method, path, who=who).code, path
    begun = there.ask("POST", "/actions", {"action": "signal", "signal": "HUP", "names": ["*"]}, who=who).json
    assert ["web"] == begun["names"]
    assert 1 == len(there.world.children.kills)
    refused = there.ask("POST", "/actions", {"action": "stop", "names": ["web", "a/b"]}, who=who)
    assert "forbidden" == refused.code
    assert 200 == there.ask("GET", f"/operations/{begun['id']}", who=who).status
    other = there.ask("POST", "/processes/web/signal", {"signal": "HUP"}).json
    assert "no_such_operation" == there.ask("GET", f"/operations/{other['id']}", who=who).code
