"""Whose request it is, behind proxies."""

import pytest

from vigild.wire.forwarded import MAX_HOPS, client_address, is_trusted, parse_network

TRUSTED = [parse_network(text) for text in ("127.0.0.1", "10.0.0.0/8", "fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "headers", "client"),
    [
        # whom nobody trusts is himself, whatever he sends
        ("192.0.2.1", ["203.0.113.9"], "192.0.2.1"),
        ("192.0.2.1", [], "192.0.2.1"),
        ("nonsense", ["203.0.113.9"], "nonsense"),
        # a trusted proxy tells who called it, and what stands further left is the client's own invention
        ("127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["127.0.0.1, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", ["198.51.100.7", "203.0.113.9"], "203.0.113.9"),
        # proxies in a row
        ("127.0.0.1", ["1.2.3.4, 203.0.113.9, 10.1.1.1, 10.2.2.2"], "203.0.113.9"),
        ("fd00::1", ["2001:db8::7, 10.1.1.1"], "2001:db8::7"),
        # nothing said, or nothing that is an address: the proxy
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9, unknown"], "127.0.0.1"),
        ("127.0.0.1", ["203.0.113.9, _hidden, 10.3.3.3"], "10.3.3.3"),
        ("127.0.0.1", ["203.0.113.9\n"], "203.0.113.9"),
        # all of them trusted: the farthest
        ("127.0.0.1", ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        # with ports, and IPv4 as IPv6
        ("127.0.0.1", ["203.0.113.9:4711"], "203.0.113.9"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.9"], "203.0.113.9"),
        # no longer than any real way
        ("127.0.0.1", ["203.0.113.9" + ", 10.1.1.1" * MAX_HOPS], "10.1.1.1"),
    ],
)
def test_whose_request_it_is(peer: str, headers: list[str], client: str) -> None:
    assert client_address(peer, headers, TRUSTED) == client


def test_who_is_trusted() -> None:
    known = [
        is_trusted(peer, TRUSTED) for peer in ("127.0.0.1", "10.9.9.9", "::ffff:10.0.0.1", "11.0.0.1", "x")
    ]
    assert known == [True, True, True, False, False]


@pytest.mark.parametrize("text", ["", "web1", "10.0.0.1/8", "10.0.0.0/33", "*"])
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(ValueError):
        parse_network(text)
