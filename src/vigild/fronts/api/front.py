"""From a request to the endpoint it means, and back. Everything that a client sends is checked here, once.

Nothing ever acts on GET. What acts needs `Content-Type: application/json` even where it has no body: a page of another
site cannot send that without being asked first.
"""

import json
from collections.abc import Awaitable, Callable
from functools import cache

from vigild.control.facade import Control
from vigild.core.access import require
from vigild.core.errors import NotAllowedError, VigilError
from vigild.fronts.api.endpoint import JSON, Answer, Call, Endpoint, Outcome
from vigild.fronts.api.feed import Feed
from vigild.fronts.api.problems import ProblemError, code_of, detail_of, problem_response
from vigild.fronts.api.reading import read_arguments, read_body, split_path
from vigild.fronts.serving.messages import Handler, Request, Response

PREFIX = "/api/v1"
MAX_NOTED_NAMES = 20

_Tree = dict[str, "_Tree | Endpoint"]
_SEGMENT, _METHOD = "{}", " "


def make_api(control: Control, endpoints: tuple[Endpoint, ...]) -> Handler:
    """The handler of everything below `/api/v1`."""
    tree: _Tree = {}
    for endpoint in endpoints:
        _insert(tree, endpoint)

    @cache
    def feed() -> Feed:
        return Feed(control.live)

    async def handle(request: Request) -> Response:
        try:
            endpoint, values = _find(tree, request)
            return _finish(await _answer(control, endpoint, request, values, feed))
        except ProblemError as problem:
            return problem_response(problem.code, problem.detail, problem.headers)
        except NotAllowedError as error:
            return problem_response("forbidden", detail_of(error))
        except VigilError as error:
            return problem_response(code_of(error), detail_of(error))

    return handle


def _insert(tree: _Tree, endpoint: Endpoint) -> None:
    for part in endpoint.path.split("/")[1:]:
        below = tree.setdefault(_SEGMENT if part.startswith("{") else part, {})
        assert isinstance(below, dict)
        tree = below
    tree[_METHOD + endpoint.method] = endpoint


def _find(tree: _Tree, request: Request) -> tuple[Endpoint, list[str]]:
    values: list[str] = []
    for part in split_path(request.target.removeprefix(PREFIX)):
        below = tree.get(part) if part != _SEGMENT and not part.startswith(_METHOD) else None
        if below is None:
            below = tree.get(_SEGMENT)
            values.append(part)
        if not isinstance(below, dict) or not part:
            raise ProblemError("not_found", f"nothing is at {request.path}; see {PREFIX}/docs")
        tree = below
    method = "GET" if request.method == "HEAD" else request.method
    found = tree.get(_METHOD + method)
    if isinstance(found, Endpoint):
        return found, values
    methods = [key[1:] for key in tree if key.startswith(_METHOD)]
    if not methods:
        raise ProblemError("not_found", f"nothing is at {request.path}; see {PREFIX}/docs")
    allowed = ", ".join(sorted([*methods, *(["HEAD"] if "GET" in methods else [])]))
    raise ProblemError("method_not_allowed", f"here are {allowed}", (("Allow", allowed),))


async def _answer(
    control: Control, endpoint: Endpoint, request: Request, values: list[str], feed: Callable[[], Feed]
) -> Outcome:
    try:
        require(endpoint.role, endpoint.id, about_all=endpoint.is_about_all)
    except VigilError as refused:
        if endpoint.is_order:
            control.history.note_order(endpoint.id, "", list(map(str, values))[:3], str(refused))
        raise
    if not endpoint.while_shutting_down:
        control.daemon.require_running()
    arguments = read_arguments(endpoint, values, request.query)
    call = Call(control, request, arguments, read_body(endpoint, request), feed)
    if not endpoint.is_order:
        return await _run(endpoint, call)
    subject = str(call.arguments.get("name") or call.arguments.get("group") or "")
    told = _told(endpoint, call)
    try:
        outcome = await _run(endpoint, call)
    except (VigilError, ProblemError) as error:
        control.history.note_order(endpoint.id, subject, told, str(error))
        raise
    control.history.note_order(endpoint.id, subject, told, "")
    return outcome


async def _run(endpoint: Endpoint, call: Call) -> Outcome:
    outcome = endpoint.run(call)
    return await outcome if isinstance(outcome, Awaitable) else outcome


def _told(endpoint: Endpoint, call: Call) -> list[str]:
    """What of an order may be told in the history, as text of a bounded length."""
    told: list[str] = [str(value)[:200] for value in call.arguments.values()]
    for name in endpoint.notes:
        value = call.body.get(name)
        if isinstance(value, list):
            told += [str(item)[:200] for item in value[:MAX_NOTED_NAMES]]
            if len(value) > MAX_NOTED_NAMES:
                told.append(f"and {len(value) - MAX_NOTED_NAMES} more")
        elif value is not None:
            told.append(str(value)[:200])
    return told


def _finish(outcome: Outcome) -> Response:
    if isinstance(outcome, Response):
        return outcome
    headers = (("Content-Type", JSON), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))
    if outcome.status == 204:
        return Response(204, (*outcome.headers, *headers[1:]))
    return Response(outcome.status, (*outcome.headers, *headers), encode(outcome.value))


def encode(value: object) -> bytes:
    """JSON, short; what is not Unicode (a file name, say) with question marks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


__all__ = ["PREFIX", "Answer", "encode", "make_api"]
