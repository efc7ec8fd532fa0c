"""Requests as their clients sent them, and those that stay as they are."""

from vigild.fronts.serving.messages import Request
from vigild.fronts.serving.proxies import make_see_through

see_through = make_see_through(("10.0.0.1", "fd00::/8"))


def seen(peer: str, *headers: tuple[str, str], is_secure: bool = False) -> tuple[str, bool]:
    found = see_through(Request("GET", "/", "/", "", headers, peer=peer, is_secure=is_secure))
    return found.peer, found.is_secure


def test_headers_that_are_given_several_times_are_one_list() -> None:
    several = (("x-forwarded-for", "198.51.100.7"), ("host", "x"), ("x-forwarded-for", "203.0.113.9"))
    assert seen("10.0.0.1:99", *several) == ("203.0.113.9:99", False)
    assert seen("fd00::1:99", *several) == ("203.0.113.9:99", False)


def test_a_proxy_that_says_nothing_changes_nothing() -> None:
    assert seen("10.0.0.1:99", is_secure=True) == ("10.0.0.1:99", True)
    assert seen("10.0.0.1:99", ("x-forwarded-proto", "http"), is_secure=True) == ("10.0.0.1:99", False)


def test_others_are_who_they_are() -> None:
    claims = (("x-forwarded-for", "203.0.113.9"), ("x-forwarded-proto", "https"))
    assert seen("10.0.0.2:99", *claims) == ("10.0.0.2:99", False)
    assert seen("unix:uid=0", *claims) == ("unix:uid=0", False)
