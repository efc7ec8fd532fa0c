"""Requests that a trusted proxy has passed on, as their clients sent them. Loaded where a server has such proxies."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from vigild.fronts.serving.messages import Request
from vigild.wire.forwarded import client_address, is_trusted, parse_network


def make_see_through(trusted_proxies: Sequence[str]) -> Callable[[Request], Request]:
    """From a request to the same with its client's address, and whether the client came by TLS. Others' stay as they are."""
    trusted = [parse_network(text) for text in trusted_proxies]

    def see_through(request: Request) -> Request:
        peer, _, port = request.peer.rpartition(":")
        if not is_trusted(peer, trusted):
            return request
        client = client_address(peer, _values(request, "x-forwarded-for"), trusted)
        schemes = ",".join(_values(request, "x-forwarded-proto")).split(",")
        scheme = schemes[-1].strip().lower()
        is_secure = scheme == "https" if scheme in ("http", "https") else request.is_secure
        return replace(request, peer=f"{client}:{port}", is_secure=is_secure)

    return see_through


def _values(request: Request, name: str) -> list[str]:
    return [value for key, value in request.headers if key == name]
