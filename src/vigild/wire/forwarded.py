"""What a proxy says of the client behind it: `X-Forwarded-For` and `X-Forwarded-Proto`, from proxies that are trusted only.

Every proxy on the way appends the address that it was called from, so the list is to be believed from its right end, and only
as far as trusted proxies wrote it. What stands further left is what the client chose to send.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

MAX_HOPS = 16

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def parse_network(text: str) -> Network:
    """`10.0.0.7`, `10.0.0.0/8`, `fd00::/8`. ValueError."""
    return ip_network(text)


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> str:
    """Whose request it is: `peer` itself, or, where that is a trusted proxy, the last address that none of them has.

    `forwarded_for`: the values of the headers, in their order.
    """
    address = _address(peer)
    if address is None or not _is_within(address, trusted):
        return peer
    hops = ",".join(forwarded_for).split(",")
    for hop in reversed(hops[-MAX_HOPS:]):
        before = _address(hop)
        if before is None:  # `unknown`, or no address at all: the proxy itself is all that is known
            break
        address = before
        if not _is_within(address, trusted):
            break
    return str(address)


def is_trusted(peer: str, trusted: Sequence[Network]) -> bool:
    """Is that address one of a trusted proxy?"""
    address = _address(peer)
    return address is not None and _is_within(address, trusted)


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address in network for network in networks)


def _address(text: str) -> Address | None:
    """Of `10.0.0.7`, `10.0.0.7:4711`, `[::1]:4711`, `::1`; an IPv4 address in the clothes of IPv6 is that IPv4 address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
