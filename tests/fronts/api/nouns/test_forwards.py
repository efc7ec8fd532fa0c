"""Forwards over the JSON interface."""

from pathlib import Path

import jsonschema

from support.api import Api
from support.fakes import group, program
from vigild.core.access import Caller, Role
from vigild.core.errors import Fault, VigilError
from vigild.core.forwards import ForwardCounts, ForwardInfo
from vigild.fronts.api.nouns import forwards
from vigild.fronts.api.shapes import SHAPES

LOKI = ForwardInfo(
    "loki",
    "loki+https://ann:********@logs.example.net/",
    ("web:*",),
    ("stdout", "stderr"),
    2,
    True,
    "",
    7,
    900,
    ForwardCounts(sent_lines=10, dropped_lines=3, unsent_bytes=5),
    1000.0,
    "connection refused",
)


class FakeForwards:
    """One of them; a test of it arrives while `answer` says so."""

    def __init__(self) -> None:
        self.answer = (True, "taken by logs.example.net")

    def status(self) -> list[ForwardInfo]:
        return [LOKI]

    async def test(self, name: str) -> tuple[bool, str]:
        if name != "loki":
            raise VigilError(Fault.BAD_NAME, f"{name}: the forwards are loki")
        return self.answer


def test_forwards_and_a_line_to_try_one(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    assert {"forwards": []} == api.ask("GET", "/forwards").json
    there = FakeForwards()
    api.control.forwards = there  # type: ignore[assignment]
    told = api.ask("GET", "/forwards").json
    jsonschema.validate(told, {**(forwards.ENDPOINTS[0].result or {}), "components": {"schemas": SHAPES}})
    (listed,) = told["forwards"]
    assert (7, 10, 3, 5, "connection refused") == tuple(
        listed[name] for name in ("waiting_lines", "sent_lines", "dropped_lines", "unsent_bytes", "error")
    )
    assert {"text": "taken by logs.example.net"} == api.ask("POST", "/forwards/loki/test").json
    there.answer = (False, "connection refused")
    refused = api.ask("POST", "/forwards/loki/test")
    assert (409, "failed", "connection refused") == (refused.status, refused.code, refused.json["detail"])
    assert "no_such_name" == api.ask("POST", "/forwards/nope/test").code
    told_of = [(fact.details["method"], fact.details.get("failed", "")) for fact in api.keeper.noted]
    assert ["testForward"] * 3 == [method for method, _ in told_of]
    assert "connection refused" in str(told_of[1][1])


def test_who_may(tmp_path: Path) -> None:
    api = Api(tmp_path, group(program("web")))
    api.control.forwards = FakeForwards()  # type: ignore[assignment]
    viewer = Caller("vic", Role.VIEWER, "password")
    assert 200 == api.ask("GET", "/forwards", who=viewer).status
    assert "forbidden" == api.ask("POST", "/forwards/loki/test", who=viewer).code
    operator = Caller("olga", Role.OPERATOR, "password")
    assert 200 == api.ask("POST", "/forwards/loki/test", who=operator).status
    for_some = Caller("token:ci", Role.ADMIN, "token", programs=("web",))
    assert "forbidden" == api.ask("GET", "/forwards", who=for_some).code
