"""API tokens over the JSON interface."""

from pathlib import Path

import jsonschema
import pytest

from support.api import Api
from support.fakes import group, program
from vigild.core.access import Caller, Role
from vigild.core.tokens import Token
from vigild.fronts.api.nouns import tokens
from vigild.fronts.api.shapes import SHAPES


class Store:
    """Keeps them in memory."""

    def __init__(self) -> None:
        self.kept: list[Token] = []

    def load(self) -> list[Token]:
        return self.kept

    def save(self, tokens: list[Token]) -> None:
        self.kept = list(tokens)


@pytest.fixture
def api(tmp_path: Path) -> Api:
    made = Api(tmp_path, group(program("web")))
    store = Store()
    made.control.open_tokens = lambda: store
    return made


ASKED = {"name": "deploy", "role": "operator", "programs": ["web:*"], "expires_in_seconds": 3600}


def test_a_token_is_made_shown_once_and_revoked(api: Api) -> None:
    made = api.ask("POST", "/tokens", ASKED)
    assert 201 == made.status
    secret, facts = made.json["token"], made.json["facts"]
    assert f"/api/v1/tokens/{facts['id']}" == made.headers["Location"]
    caller = api.control.access.bearer(secret, "10.0.0.9")
    assert caller is not None
    assert (caller.role, caller.programs) == (Role.OPERATOR, ("web:*",))

    told = api.ask("GET", "/tokens")
    schema = {**(tokens.ENDPOINTS[0].result or {}), "components": {"schemas": SHAPES}}
    jsonschema.validate(told.json, schema)
    (listed,) = told.json["tokens"]
    assert (listed["name"], listed["created_by"], listed["expired"]) == ("deploy", "ada@10.0.0.7", False)
    assert 3600 == round(listed["expires_at"] - listed["created_at"])
    assert secret.rpartition("_")[2].encode() not in told.body

    assert 204 == api.ask("DELETE", f"/tokens/{facts['id']}").status
    assert api.control.access.bearer(secret, "10.0.0.9") is None
    assert "no_such_name" == api.ask("DELETE", f"/tokens/{facts['id']}").code


def test_the_history_is_told_without_the_secret(api: Api) -> None:
    made = api.ask("POST", "/tokens", ASKED).json
    api.ask("DELETE", f"/tokens/{made['facts']['id']}")
    told = [fact.details for fact in api.keeper.noted]
    assert ["createToken", "revokeToken"] == [details["method"] for details in told]
    assert ["deploy", "operator", "web:*"] == told[0]["arguments"]
    assert made["token"].rpartition("_")[2] not in str(told)


@pytest.mark.parametrize("who", [Role.VIEWER, Role.OPERATOR])
def test_only_admins_see_or_make_any(api: Api, who: Role) -> None:
    id_ = api.ask("POST", "/tokens", ASKED).json["facts"]["id"]
    for method, path, body in (("GET", "", None), ("POST", "", ASKED), ("DELETE", f"/{id_}", None)):
        reply = api.ask(method, f"/tokens{path}", body, who=Caller("ann", who, "password"))
        assert "forbidden" == reply.code, method
    assert 1 == len(api.ask("GET", "/tokens").json["tokens"])


def test_a_token_for_some_programs_makes_none_for_others(api: Api) -> None:
    who = Caller("token:ci", Role.ADMIN, "token", programs=("web",))
    assert "forbidden" == api.ask("POST", "/tokens", ASKED, who=who).code


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "a\nb"}, {"role": "root"}, {"programs": [""]}, {"expires_in_seconds": -1}],
)
def test_what_makes_no_sense_is_refused(api: Api, wrong: dict[str, object]) -> None:
    assert "invalid_argument" == api.ask("POST", "/tokens", {**ASKED, **wrong}).code
    assert [] == api.ask("GET", "/tokens").json["tokens"]
