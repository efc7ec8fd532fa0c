"""API tokens: who may come in without a name and a password."""

from typing import Any, cast

from vigild.control.facade import Facts
from vigild.core.access import Role
from vigild.core.tokens import MAX_NAME_CHARACTERS, MAX_PROGRAMS
from vigild.fronts.api.endpoint import Answer, Call, Endpoint, Parameter
from vigild.fronts.api.schema import list_of, number, record, ref, text

MAX_SECONDS = 10**9  # 31 years


def _view(facts: Facts) -> Facts:
    """Times by the names that they have in this interface."""
    at = {"created": "created_at", "expires": "expires_at", "last_used": "last_used_at"}
    return {at.get(name, name): value for name, value in facts.items() if name != "token"}


def _list(call: Call) -> Answer:
    return Answer({"tokens": [_view(facts) for facts in call.control.access.tokens()]})


def _create(call: Call) -> Answer:
    body = cast(dict[str, Any], call.body)
    made = call.control.access.create_token(
        body["name"], body["role"], body.get("programs", ()), body.get("expires_in_seconds", 0)
    )
    where = (("Location", f"/api/v1/tokens/{made['id']}"),)
    return Answer({"token": made["token"], "facts": _view(made)}, 201, where)


def _revoke(call: Call) -> Answer:
    call.control.access.revoke_token(call.text("id"))
    return Answer(None, 204)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/tokens",
        "listTokens",
        "tokens",
        Role.ADMIN,
        "All API tokens, oldest first, without what is secret.",
        _list,
        record(tokens=list_of(ref("Token"))),
        problems=("failed",),
    ),
    Endpoint(
        "POST",
        "/tokens",
        "createToken",
        "tokens",
        Role.ADMIN,
        "Make an API token. It is in this answer and nowhere else; it is sent as `Authorization: Bearer TOKEN`.",
        _create,
        record(token=text("The secret itself"), facts=ref("Token")),
        body=record(
            name=text("What it is for, in a few words", minLength=1, maxLength=MAX_NAME_CHARACTERS),
            role=text("", enum=[role.word for role in Role]),
            optional={
                "programs": list_of(
                    text(minLength=1, maxLength=200),
                    "Patterns of the only programs that it is for: NAME, GROUP:NAME, GROUP:*",
                    maxItems=MAX_PROGRAMS,
                ),
                "expires_in_seconds": number(
                    "How long it counts; 0: until it is revoked", minimum=0, maximum=MAX_SECONDS, default=0
                ),
            },
        ),
        statuses=(201,),
        problems=("failed",),
        notes=("name", "role", "programs"),
    ),
    Endpoint(
        "DELETE",
        "/tokens/{id}",
        "revokeToken",
        "tokens",
        Role.ADMIN,
        "Let an API token count no more.",
        _revoke,
        None,
        (Parameter("id", text(minLength=1, maxLength=64), "Of a token", "path"),),
        statuses=(204,),
        problems=("no_such_name", "failed"),
    ),
)
