"""Server URLs: what they name, and that no password in one is ever shown."""

import pytest

from vigild.client.address import parse_address, show_url


@pytest.mark.parametrize(
    ("url", "path", "host", "port"),
    [
        ("unix:///run/s.sock", "/run/s.sock", "", 0),
        ("UNIX:///run/s.sock", "/run/s.sock", "", 0),
        ("http://localhost:9001", "", "localhost", 9001),
        ("http://example", "", "example", 80),
        ("http://[::1]:9001/", "", "::1", 9001),
        ("http://name:secret@host:1/RPC2", "", "host", 1),
        ("http://:9001", "", "localhost", 9001),
        ("https://example", "", "example", 443),
    ],
)
def test_url_names_a_socket_or_a_port(url: str, path: str, host: str, port: int) -> None:
    address = parse_address(url)
    assert (path, host, port) == (address.path, address.host, address.port)


@pytest.mark.parametrize(
    "url", ["", "ftp://host", "localhost:9001", "unix://", "http://host:99999", "https://host:x"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(ValueError):
        parse_address(url)


def test_passwords_are_not_shown() -> None:
    assert show_url("http://name:secret@host:1/") == "http://host:1/"
    address = parse_address("http://name:secret@host:1")
    assert "secret" not in str(address) + repr(address)
    with pytest.raises(ValueError) as refusal:
        parse_address("http://name:secret@host:99999")
    assert "secret" not in str(refusal.value)


def test_https_is_with_tls() -> None:
    assert [parse_address(url).tls for url in ("https://a", "HTTPS://a", "http://a", "unix:///s")] == [
        True,
        True,
        False,
        False,
    ]
