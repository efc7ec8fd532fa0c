"""Path, query and body of a request to checked values. Strict: what is not understood is refused, not ignored."""

import json
from urllib.parse import unquote_to_bytes

from vigild.fronts.api.endpoint import JSON, Endpoint, Parameter
from vigild.fronts.api.problems import ProblemError
from vigild.fronts.api.schema import InvalidError, check
from vigild.fronts.serving.messages import Request

MAX_BODY_BYTES = 1024 * 1024
MAX_DEPTH = 16


def split_path(target: str) -> list[str]:
    """The segments of a path, each decoded by itself: an encoded slash is part of a name."""
    path = target.partition("?")[0].partition("#")[0]
    return [_decoded(part) for part in path.split("/")[1:]]


def read_arguments(endpoint: Endpoint, values: list[str], query: str) -> dict[str, object]:
    """Everything in path and query, by parameter."""
    known = {parameter.name: parameter for parameter in endpoint.parameters}
    in_path = [parameter for parameter in endpoint.parameters if parameter.place == "path"]
    arguments: dict[str, object] = {}
    for parameter, value in zip(in_path, values, strict=True):
        arguments[parameter.name] = _value(parameter, value)
    for part in query.split("&") if query else ():
        raw_name, _, raw_value = part.partition("=")
        name = _decoded(raw_name.replace("+", " "))
        found = known.get(name)
        if found is None or found.place == "path":
            names = ", ".join(parameter.name for parameter in known.values() if parameter.place == "query")
            raise ProblemError(
                "invalid_argument", f"there is no parameter {name!r}; there are: {names or 'none'}"
            )
        if name in arguments:
            raise ProblemError("invalid_argument", f"the parameter {name!r} is given twice")
        arguments[name] = _value(found, _decoded(raw_value.replace("+", " ")))
    return arguments


def _decoded(raw: str) -> str:
    try:
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise ProblemError("malformed", "the address of the request is not UTF-8") from None


def _value(parameter: Parameter, raw: str) -> object:
    kind = parameter.schema.get("type")
    value: object = raw
    try:
        if kind == "integer":
            value = int(raw) if len(raw) <= 20 and raw.lstrip("-").isdecimal() and raw.isascii() else raw
        elif kind == "number":
            value = _number(raw)
        elif kind == "boolean":
            value = {"true": True, "1": True, "false": False, "0": False}.get(raw, raw)
        check(value, parameter.schema, parameter.name)
    except (ValueError, InvalidError) as error:
        raise ProblemError("invalid_argument", str(error)) from None
    return value


def _number(raw: str) -> object:
    if len(raw) > 40 or not raw.isascii() or "_" in raw:
        return raw
    try:
        number = float(raw)
    except ValueError:
        return raw
    return number if number - number == 0 else raw  # neither infinite nor no number at all


def read_body(endpoint: Endpoint, request: Request) -> dict[str, object]:
    """The body as an object of the endpoint's schema; an empty one stands for `{}`."""
    if not endpoint.is_order:
        return {}
    if len(request.body) > MAX_BODY_BYTES:
        raise ProblemError("body_too_large", f"at most {MAX_BODY_BYTES} bytes")
    media = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if media != JSON:
        raise ProblemError("unsupported_media_type", f"say Content-Type: {JSON}, also where there is no body")
    value = _parsed(request.body) if request.body.strip() else {}
    try:
        check(value, endpoint.body or {"type": "object", "additionalProperties": False})
    except InvalidError as error:
        raise ProblemError("invalid_argument", str(error)) from None
    assert isinstance(value, dict)
    return value


def _parsed(body: bytes) -> object:
    try:
        value: object = json.loads(
            body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except (ValueError, RecursionError) as error:
        raise ProblemError("malformed", f"the body is not JSON: {error}"[:300]) from None
    if not _is_shallow(value):
        raise ProblemError("malformed", f"the body is nested deeper than {MAX_DEPTH} levels")
    return value


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is no number in JSON")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice in an object")
    return found


def _is_shallow(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        inner: list[object] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        if not inner:
            return True
        level = inner
    return not any(isinstance(item, dict | list) for item in level)
