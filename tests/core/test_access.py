"""Tests of core/access.py."""

import pytest

from vigild.core.access import NOBODY, Caller, Role, current_caller, require
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
