"""The table: every endpoint of `/api/v1`. The OpenAPI document, the pages about it and the handler are made from it."""

import json
import zlib
from functools import cache

import vigild
from vigild.core.access import Role
from vigild.fronts.api import document, page
from vigild.fronts.api.endpoint import JSON, Call, Endpoint, Outcome
from vigild.fronts.api.nouns import (
    alerts,
    configuration,
    daemon,
    events,
    forwards,
    history,
    logs,
    monitors,
    operations,
    processes,
    samples,
    tokens,
)
from vigild.fronts.api.schema import anything, map_of
from vigild.fronts.serving.messages import Response, has_already

TAGS = {
    "daemon": "The daemon itself, and who you are to it",
    "processes": "Processes, groups, and how they are",
    "orders": "What can be done to them",
    "operations": "Orders that take their time",
    "events": "What happens, as it happens",
    "config": "The configuration",
    "logs": "What programs and the daemon wrote",
    "history": "What happened, and why",
    "samples": "What programs use",
    "monitors": "What is looked at beyond programs",
    "alerts": "Who is told of troubles",
    "forwards": "Where output is sent besides its logs",
    "tokens": "Who may come in without a name and a password",
    "about": "This interface",
}


@cache
def _document() -> tuple[bytes, str]:
    """The document, which is the same as long as this code runs, and its tag."""
    text = json.dumps(document.make_document(ENDPOINTS, TAGS), ensure_ascii=False, separators=(",", ":"))
    data = text.encode()
    return data, f'"{vigild.__version__}-{zlib.crc32(data):08x}"'


def _openapi(call: Call) -> Outcome:
    data, tag = _document()
    headers = (("ETag", tag), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff"))
    if has_already(call.request, tag):
        return Response(304, headers)
    return Response(200, (("Content-Type", JSON), *headers), data)


def _docs(call: Call) -> Outcome:
    return Response(200, page.HEADERS, page.make_page(ENDPOINTS, TAGS))


def _style(call: Call) -> Outcome:
    return Response(200, page.STYLE_HEADERS, page.style())


ENDPOINTS: tuple[Endpoint, ...] = (
    *daemon.ENDPOINTS,
    *processes.ENDPOINTS,
    *operations.ENDPOINTS,
    *configuration.ENDPOINTS,
    *logs.ENDPOINTS,
    *history.ENDPOINTS,
    *events.ENDPOINTS,
    *samples.ENDPOINTS,
    *alerts.ENDPOINTS,
    *monitors.ENDPOINTS,
    *forwards.ENDPOINTS,
    *tokens.ENDPOINTS,
    Endpoint(
        "GET",
        "/openapi.json",
        "getOpenApi",
        "about",
        Role.VIEWER,
        "This interface as an OpenAPI 3.1 document.",
        _openapi,
        map_of(anything()),
        while_shutting_down=True,
    ),
    Endpoint(
        "GET",
        "/docs",
        "getDocs",
        "about",
        Role.VIEWER,
        "This interface as a page for people.",
        _docs,
        media="text/html",
        while_shutting_down=True,
    ),
    Endpoint(
        "GET",
        "/docs/style.css",
        "getDocsStyle",
        "about",
        Role.VIEWER,
        "How that page looks.",
        _style,
        media="text/css",
        while_shutting_down=True,
    ),
)
