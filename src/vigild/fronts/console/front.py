"""Files of the console to whoever asks for them. The page is the same for everybody; what it may do the daemon decides.

Addresses of Supervisor's console (`/?action=stop&processname=web`, `/tail.html?processname=web`) lead to the page, which
asks before it does anything: nothing acts on GET.
"""

import zlib
from pathlib import Path

import vigild
from vigild.fronts.serving.messages import Handler, Request, Response, error_response, has_already

PREFIX = "/console/"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-cache"),
)


def _load() -> dict[str, Response]:
    """Every file, by its path in the console."""
    root = Path(__file__).with_name("assets")
    found = {}
    for file in sorted(root.rglob("*")):
        if file.suffix in _TYPES:
            data = file.read_bytes()
            tag = f'"{vigild.__version__}-{zlib.crc32(data):08x}"'
            headers = (("Content-Type", _TYPES[file.suffix]), ("ETag", tag), *_HEADERS)
            found[str(file.relative_to(root))] = Response(200, headers, data)
    return found


# Read now: a daemon that gives up root may not be able to read it later.
_FILES = _load()


def make_console() -> Handler:
    """The handler of `/`, of Supervisor's addresses, and of everything below `/console/`."""

    async def handle(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return error_response(405, headers=(("Allow", "GET, HEAD"),))
        name = "icon.svg" if request.path == "/favicon.ico" else "index.html"
        if request.path.startswith(PREFIX):
            name = request.path.removeprefix(PREFIX)
        found = _FILES.get(name)
        if found is None:
            return error_response(404)
        if has_already(request, dict(found.headers)["ETag"]):
            return Response(304, found.headers[1:])
        return found

    return handle
