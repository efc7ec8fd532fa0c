"""The page for people: the table as HTML. No script, nothing from another host."""

import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

import vigild
from vigild.fronts.api.endpoint import Endpoint
from vigild.fronts.api.problems import PROBLEMS
from vigild.fronts.api.schema import Schema
from vigild.fronts.api.shapes import SHAPES

_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_COMMON = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-cache"),
)
HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", _POLICY),
    ("X-Frame-Options", "DENY"),
    *_COMMON,
)
STYLE_HEADERS = (("Content-Type", "text/css; charset=utf-8"), *_COMMON)


# Read now: a daemon that gives up root may not be able to read it later.
_STYLE = Path(__file__).with_name("page.css").read_bytes()


def style() -> bytes:
    """The style sheet."""
    return _STYLE


def make_page(endpoints: Iterable[Endpoint], tags: Mapping[str, str]) -> bytes:
    """The whole page."""
    known = list(endpoints)
    parts = [
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
        '<meta name=viewport content="width=device-width, initial-scale=1">\n'
        '<title>Vigil: the JSON interface</title>\n<link rel=stylesheet href="/api/v1/docs/style.css">\n'
        f"<header><h1>Vigil’s JSON interface</h1>\n<p>Version {escape(vigild.__version__)}. "
        'The same for programs: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).</p></header>\n<main>\n'
        "<p>All paths are below <code>/api/v1</code>. Nothing ever acts on GET. What acts takes "
        "<code>Content-Type: application/json</code>, also where it has no body. Times are seconds since the epoch.</p>\n"
    ]
    for tag, words in tags.items():
        parts.append(f'<h2 id="{escape(tag)}">{escape(words)}</h2>\n')
        parts += [_endpoint(endpoint) for endpoint in known if endpoint.tag == tag]
    parts.append("<h2 id=shapes>Shapes</h2>\n")
    parts += [
        f'<section id="{name}"><h3>{name}</h3>\n{_schema(schema)}</section>\n'
        for name, schema in SHAPES.items()
    ]
    parts.append(
        "<h2 id=problems>Problems</h2>\n<p>Errors are <code>application/problem+json</code>; <code>code</code> is one of "
        "these.</p>\n<table><thead><tr><th>code<th>status<th>means</thead><tbody>\n"
    )
    parts += [
        f'<tr id="{problem.code}"><td><code>{problem.code}</code><td>{problem.status}<td>{escape(problem.title)}\n'
        for problem in PROBLEMS.values()
    ]
    parts.append("</tbody></table>\n</main>\n</html>\n")
    return "".join(parts).encode()


def _endpoint(endpoint: Endpoint) -> str:
    method, path = endpoint.method, escape(endpoint.path)
    told = [
        f'<section id="{endpoint.id}"><h3><b class="{method.lower()}">{method}</b> <code>{path}</code></h3>\n'
        f"<p>{escape(endpoint.words)}</p>\n<p class=facts>Role: {endpoint.role.name.lower()}. Answers: "
        f"{', '.join(map(str, endpoint.statuses))}, <code>{endpoint.media}</code>.</p>\n"
    ]
    if endpoint.parameters:
        told.append("<h4>Parameters</h4>\n<dl>\n")
        told += [
            f"<dt><code>{escape(one.name)}</code> <i>{one.place}, {_kind(one.schema)}</i><dd>{escape(one.words)}\n"
            for one in endpoint.parameters
        ]
        told.append("</dl>\n")
    if endpoint.body is not None:
        told.append(f"<h4>Body</h4>\n{_schema(endpoint.body)}")
    if endpoint.result is not None:
        told.append(f"<h4>Answer</h4>\n{_schema(endpoint.result)}")
    links = ", ".join(f'<a href="#{code}">{code}</a>' for code in endpoint.all_problems)
    told.append(f"<p class=facts>Problems: {links}.</p></section>\n")
    return "".join(told)


def _schema(schema: Schema) -> str:
    if "$ref" in schema or "properties" not in schema:
        return f"<p>{_kind(schema)} {escape(str(schema.get('description', '')))}</p>\n"
    properties = schema["properties"]
    assert isinstance(properties, dict)
    required = schema.get("required", [])
    assert isinstance(required, list)
    rows = "".join(
        f"<dt><code>{escape(name)}</code> <i>{_kind(inner)}{'' if name in required else ', optional'}</i>"
        f"<dd>{escape(str(inner.get('description', '')))}{_inner(inner)}\n"
        for name, inner in properties.items()
    )
    return f"<dl>\n{rows}</dl>\n"


def _inner(schema: Schema) -> str:
    items = schema.get("items", schema)
    return _schema(items) if isinstance(items, dict) and "properties" in items else ""


def _kind(schema: Schema) -> str:
    """What sort of value it is, in a word; a link where it has a name."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "oneOf" in schema:
        choices = schema["oneOf"]
        assert isinstance(choices, list)
        return " or ".join(map(_kind, choices))
    if "enum" in schema:
        return escape(json.dumps(schema["enum"], ensure_ascii=False)[1:-1])
    if "items" in schema:
        items = schema["items"]
        assert isinstance(items, dict)
        return f"array of {_kind(items)}"
    kind = schema.get("type", "anything")
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
