"""The OpenAPI 3.1 document, from the table."""

from collections.abc import Iterable, Mapping

import vigild
from vigild.fronts.api.endpoint import JSON, Endpoint, Parameter
from vigild.fronts.api.problems import MEDIA_TYPE, PROBLEMS
from vigild.fronts.api.schema import Schema, ref
from vigild.fronts.api.shapes import SHAPES

Document = dict[str, object]

_WORDS = {200: "Done", 201: "Made", 202: "Taken; it goes on", 204: "Done; there is nothing to say"}


def make_document(endpoints: Iterable[Endpoint], tags: Mapping[str, str]) -> Document:
    """The whole document."""
    paths: dict[str, dict[str, object]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vigil",
            "version": vigild.__version__,
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": "Everything that a daemon of Vigil can tell and do. Nothing ever acts on GET. What acts takes "
            "`Content-Type: application/json`. Errors are `application/problem+json`, with a `code` that stays the same.",
        },
        "servers": [{"url": "/api/v1"}],
        "tags": [{"name": name, "description": words} for name, words in tags.items()],
        "paths": paths,
        "components": {
            "schemas": SHAPES,
            "securitySchemes": {
                "password": {"type": "http", "scheme": "basic"},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
        "security": [{}, {"password": []}, {"token": []}],
    }


def _operation(endpoint: Endpoint) -> Document:
    told: Document = {
        "operationId": endpoint.id,
        "tags": [endpoint.tag],
        "summary": endpoint.words.partition(". ")[0].rstrip("."),
        "description": f"{endpoint.words} Takes the role {endpoint.role.name.lower()}.",
        "x-role": endpoint.role.name.lower(),
        "x-problems": list(endpoint.all_problems),
    }
    if endpoint.parameters:
        told["parameters"] = [_parameter(parameter) for parameter in endpoint.parameters]
    if endpoint.is_order:
        body = endpoint.body or {"type": "object", "additionalProperties": False}
        told["requestBody"] = {"required": bool(body.get("required")), "content": {JSON: {"schema": body}}}
    told["responses"] = _responses(endpoint)
    return told


def _parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.words,
        "schema": parameter.schema,
    }


def _responses(endpoint: Endpoint) -> Document:
    told: Document = {}
    for status in endpoint.statuses:
        answer: Document = {"description": _WORDS[status]}
        if status != 204:
            schema: Schema = endpoint.result if endpoint.result is not None else {"type": "string"}
            answer["content"] = {endpoint.media: {"schema": schema}}
        told[str(status)] = answer
    by_status: dict[int, list[str]] = {}
    for code in endpoint.all_problems:
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    for status, codes in sorted(by_status.items()):
        words = "; ".join(f"`{code}`: {PROBLEMS[code].title}" for code in codes)
        told[str(status)] = {"description": words, "content": {MEDIA_TYPE: {"schema": ref("Problem")}}}
    return told
