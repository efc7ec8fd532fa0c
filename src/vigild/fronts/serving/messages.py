"""Requests and responses as handlers see them."""

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import field
from typing import TypeAlias

from vigild.core.access import NOBODY, Caller
from vigild.core.frozen import frozen


@frozen
class Request:
    """One request, read to its end (a gate sees it without its body).

    `path` is decoded, `target` as it was sent. Header names are in lower case. `peer` is `10.0.0.7:4711`, or
    `unix:uid=1000`; then the kernel says user and groups. `certificate`: the names in the client's, checked.
    """

    method: str
    target: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    peer: str = ""
    uid: int = -1
    gids: tuple[int, ...] = ()
    certificate: tuple[str, ...] = ()
    is_secure: bool = False
    caller: Caller = NOBODY

    def header(self, name: str) -> str | None:
        """The first header of that (lower-case) name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


@frozen
class Response:
    """An answer. An iterator as body is streamed: each piece is sent at once, and it is closed at the end."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | AsyncIterator[bytes] = field(default=b"", repr=False)


Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

REASONS = {
    100: "Continue",
    200: "OK",
    201: "Created",
    204: "No Content",
    301: "Moved Permanently",
    302: "Moved Temporarily",
    303: "See Other",
    304: "Not Modified",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Time-out",
    409: "Conflict",
    411: "Length Required",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


# The page that Supervisor's server shows, to the byte; what went wrong goes in between where there is more to say.
_ERROR_PAGE = (
    "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n"
    "<p>Error code {status}.\r\n<p>Message: {reason}.\r\n{detail}</body>\r\n"
)


def error_response(status: int, detail: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A refusal. `detail` is shown to the client."""
    shown = detail.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    page = _ERROR_PAGE.format(
        status=status, reason=REASONS.get(status, "Unknown"), detail=f"<p>{shown}\r\n" if shown else ""
    )
    return Response(status, (*headers, ("Content-Type", "text/html")), page.encode("utf-8", "replace"))


def has_already(request: Request, tag: str) -> bool:
    """Has the client what has this tag? A proxy that packs it may have made the tag a weak one."""
    known = (request.header("if-none-match") or "").split(",")
    return any(one.strip().removeprefix("W/") in (tag, "*") for one in known)


def text_response(status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A plain-text answer of one line."""
    return Response(
        status,
        (*headers, ("Content-Type", "text/plain; charset=utf-8")),
        f"{text}\n".encode("utf-8", "replace"),
    )


_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


def decode_path(raw: bytes) -> str:
    """A path with its %XX decoded; what is not UTF-8 becomes U+FFFD."""
    return _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode("ascii")), raw).decode("utf-8", "replace")


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(seconds: float) -> str:
    """A wall-clock time as HTTP writes it."""
    at = time.gmtime(seconds)
    month, day = _MONTHS[at.tm_mon - 1], _DAYS[at.tm_wday]
    return f"{day}, {at.tm_mday:02} {month} {at.tm_year} {at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
