"""What is refused whoever asks."""

import pytest

from vigild.fronts.serving import Request
from vigild.fronts.serving.guard import (
    DEFAULT_HEADERS,
    cross_site,
    foreign_host,
    host_name,
    with_default_headers,
)


def request(method: str = "POST", **headers: str) -> Request:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method, "/", "/", "", named)


@pytest.mark.parametrize(
    ("asked", "fine"),
    [
        (request(), True),
        (request(host="a:9001"), True),
        (request(host="a:9001", sec_fetch_site="same-origin"), True),
        (request(host="a:9001", sec_fetch_site="none"), True),
        (request(host="a:9001", sec_fetch_site="same-site"), False),
        (request(host="a:9001", sec_fetch_site="cross-site"), False),
        (request(host="a:9001", sec_fetch_site="cross-site", origin="http://a:9001"), False),
        (request("GET", host="a:9001", sec_fetch_site="cross-site", origin="http://b"), True),
        (request("PUT", host="a:9001", origin="http://b"), False),
        (request(host="a:9001", origin="http://A:9001"), True),
        (request(host="a:9001", origin="http://a"), False),
        (request(host="a", origin="https://a:443"), True),
        (request(host="a:9001", origin="null"), False),
        (request(host="a:9001", origin=""), False),
        (request(origin="http://a"), False),
        (request(host="127.0.0.1:9001", origin="https://proxy.example"), True),
    ],
)
def test_pages_of_other_sites(asked: Request, fine: bool) -> None:
    assert (cross_site(asked, ["proxy.example"]) == "") is fine


@pytest.mark.parametrize(
    ("host", "fine"),
    [
        ("127.0.0.1:9001", True),
        ("10.0.0.7", True),
        ("[::1]:9001", True),
        ("localhost", True),
        ("vigil.localhost:1", True),
        ("BOX:9001", True),
        ("box.:9001", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("127.evil.example", False),
        ("1.2.3.4.5", False),
        ("localhost.evil.example", False),
        ("", False),
    ],
)
def test_names_that_are_not_ours(host: str, fine: bool) -> None:
    assert (foreign_host(request(host=host), ["box"]) == "") is fine


def test_who_names_no_host_is_no_browser() -> None:
    assert foreign_host(request(), []) == ""


def test_names_without_ports() -> None:
    assert [host_name(host) for host in ("a:1", "a", "[::1]:1")] == ["a", "a", "[::1]"]


def test_headers_that_every_answer_has() -> None:
    own = ("content-security-policy", "default-src 'self'")
    headers = with_default_headers((own,))
    assert headers[0] == own
    assert headers[1:] == [header for header in DEFAULT_HEADERS if header[0] != "Content-Security-Policy"]
