"""Where a daemon listens, as written in `serverurl`: `unix:///path`, `http://host:port` or `https://host:port`."""

import re

_HTTP = re.compile(
    r"(?P<scheme>https?)://(?:(?P<userinfo>[^/@]*)@)?(?P<host>\[[^\]]*\]|[^/:?#]*)(?::(?P<port>\d*))?(?:[/?#].*)?\Z",
    re.I,
)


class Address:
    """A unix socket (`path`), or a TCP `host` and `port`, with or without TLS. `str()` is safe to show: it never holds a password."""

    __slots__ = ("host", "path", "port", "tls", "url")

    def __init__(self, url: str, *, path: str = "", host: str = "", port: int = 0, tls: bool = False) -> None:
        self.url = url
        self.path = path
        self.host = host
        self.port = port
        self.tls = tls

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def parse_address(url: str) -> Address:
    """The address that a server URL names. Raises ValueError, saying what would be right."""
    if url[:7].lower() == "unix://":
        if len(url) == 7:
            raise ValueError(f"{url!r} names no socket: write unix:///path/to/the.sock")
        return Address(url, path=url[7:])
    match = _HTTP.match(url)
    if match is None:
        raise ValueError(
            f"{show_url(url)!r} is no address: write unix:///path/to/the.sock, http://host:port or https://host:port"
        )
    tls = match["scheme"].lower() == "https"
    port = int(match["port"] or (443 if tls else 80))
    if port > 65535:
        raise ValueError(f"{show_url(url)!r}: no port above 65535")
    return Address(show_url(url), host=match["host"].strip("[]") or "localhost", port=port, tls=tls)


def show_url(url: str) -> str:
    """The URL without the user name and password that it may carry."""
    return re.sub(r"(?<=//)[^/@]*@", "", url, count=1)
