"""What is refused whoever asks: requests that pages of other sites send, and names that are not ours.

A browser sends its user's cookies and passwords, or the user's place on a trusted network, with any page's requests.
It also says which page: `Sec-Fetch-Site` and `Origin`, which no page can forge. Programs that are no browsers send
neither and pass.
"""

from collections.abc import Sequence

from vigild.fronts.serving.messages import Request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# On every answer, unless the front that gave it says otherwise.
DEFAULT_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


def with_default_headers(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an answer, and those that every answer has."""
    given = {name.lower() for name, _ in headers}
    return [*headers, *(header for header in DEFAULT_HEADERS if header[0].lower() not in given)]


def cross_site(request: Request, allowed_hosts: Sequence[str]) -> str:
    """Why this request must not act: a page of another site sent it. "" where none did."""
    if request.method in SAFE_METHODS:
        return ""
    site = request.header("sec-fetch-site")
    if site is not None:
        if site in ("same-origin", "none"):
            return ""
        return f"a page of another site sent this request (Sec-Fetch-Site: {site[:40]})"
    origin = request.header("origin")
    if origin is None:
        return ""
    host = _without_default_port(origin.partition("://")[2].lower())
    own = _without_default_port((request.header("host") or "").lower())
    if host and (host == own or host_name(host) in allowed_hosts):
        return ""
    return (
        f"a page of {origin[:200]} sent this request, and this server is {own[:200]}; "
        "a proxy in front must pass Host on, or its name must be in allowed_hosts"
    )


def foreign_host(request: Request, own_names: Sequence[str]) -> str:
    """Why the name that this server was asked for is not its own; "" where it is.

    An address is nobody's name: what a page reaches by it, it reaches as another site.
    """
    given = request.header("host")
    if given is None:  # HTTP/1.0, which no browser speaks
        return ""
    name = host_name(given.lower())
    if name == "localhost" or name.endswith(".localhost") or _is_address(name):
        return ""
    if name in own_names:
        return ""
    return f"this server does not know itself as {name[:200]!r}; if it is, write allowed_hosts={name[:200]}"


def host_name(host: str) -> str:
    """`host`, without its port; an IPv6 address keeps its brackets."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].rstrip(".")


def _is_address(name: str) -> bool:
    if name.startswith("["):
        return True
    parts = name.split(".")
    return len(parts) == 4 and all(part.isascii() and part.isdigit() for part in parts)


def _without_default_port(host: str) -> str:
    return host.removesuffix(":80").removesuffix(":443")
