"""Tests of core/access.py."""

import pytest

from vigild.core.access import (
    NOBODY,
    Caller,
    PeerRoles,
    Principal,
    Role,
    current_caller,
    is_loopback,
    require,
)
from vigild.core.errors import Fault, NotAllowedError


@pytest.mark.parametrize(
    ("has", "needs", "may"),
    [
        (Role.VIEWER, Role.VIEWER, True),
        (Role.VIEWER, Role.OPERATOR, False),
        (Role.OPERATOR, Role.ADMIN, False),
        (Role.ADMIN, Role.OPERATOR, True),
    ],
)
def test_each_role_may_what_those_before_it_may(has: Role, needs: Role, may: bool) -> None:
    assert Caller("ann", has).may(needs) is may


@pytest.mark.parametrize(
    ("patterns", "namespec", "covered"),
    [
        (("web",), "web", True),
        (("web",), "g:web", True),
        (("web",), "web:*", False),
        (("g:a",), "g:a", True),
        (("g:a",), "g:b", False),
        (("g:a", "g:b*"), "g:b1", True),
        (("g:a",), "g:*", False),
        (("g:*",), "g:*", True),
        (("*",), "g:*", True),
        (("?:*",), "gg:", False),
        (("*",), "", False),
        ((), "", True),
    ],
)
def test_patterns_stand_for_processes_and_whole_groups(
    patterns: tuple[str, ...], namespec: str, covered: bool
) -> None:
    assert Caller("token:ci", Role.VIEWER, programs=patterns).has_to_do_with(namespec) is covered


def test_outside_a_request_it_is_the_daemon_that_acts() -> None:
    assert current_caller.get() is NOBODY


def as_caller(caller: Caller) -> str:
    """What one who may only look is told when he wants to stop something."""
    token = current_caller.set(caller)
    try:
        require(Role.VIEWER, "looking")
        with pytest.raises(NotAllowedError) as refused:
            require(Role.OPERATOR, "stopping")
    finally:
        current_caller.reset(token)
    assert refused.value.fault is Fault.FAILED
    return str(refused.value)


def test_a_refusal_says_what_it_takes_and_what_there_is() -> None:
    words = "FAILED: not allowed: stopping needs the role operator, and "
    assert as_caller(Caller("ann", Role.VIEWER, address="10.0.0.7")) == f"{words}ann@10.0.0.7 is viewer"
    assert as_caller(Caller("", Role.VIEWER, limit="open door")) == f"{words}yours is viewer (open door)"


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("ann", "10.0.0.7", "ann@10.0.0.7"),
        ("", "10.0.0.7", "10.0.0.7"),
        ("uid 7", "", "uid 7"),
        ("", "", ""),
    ],
)
def test_the_words_for_the_history(name: str, address: str, words: str) -> None:
    assert Caller(name, Role.ADMIN, address=address).words == words


def test_what_is_about_all_is_not_for_those_of_some_programs() -> None:
    token = current_caller.set(Caller("token:ci", Role.ADMIN, programs=("web:*", "db")))
    try:
        require(Role.OPERATOR, "stopping")
        with pytest.raises(NotAllowedError, match=r"shutdown is not about web:\*, db alone, as token:ci is"):
            require(Role.ADMIN, "shutdown", about_all=True)
    finally:
        current_caller.reset(token)


@pytest.mark.parametrize(
    ("uid", "gids", "role"),
    [
        (0, (0,), Role.ADMIN),
        (7, (), Role.ADMIN),
        (1, (), Role.ADMIN),
        (2, (), Role.OPERATOR),
        (3, (24, 30), Role.OPERATOR),
        (4, (), Role.VIEWER),
        (30, (), None),
    ],
)
def test_peers_have_the_highest_role_that_they_are_given(
    uid: int, gids: tuple[int, ...], role: Role | None
) -> None:
    operators = (Principal(2), Principal(30, is_group=True))
    roles = PeerRoles((Principal(4), Principal(2)), operators, (Principal(1),))
    assert roles.role_of(uid, gids, 7) is role


@pytest.mark.parametrize(
    ("host", "is_it"),
    [("localhost", True), ("127.1.2.3", True), ("::1", True), ("", False), ("10.0.0.1", False)],
)
def test_loopback(host: str, is_it: bool) -> None:
    assert is_loopback(host) is is_it


def test_roles_have_words() -> None:
    assert [role.word for role in Role] == ["viewer", "operator", "admin"]
