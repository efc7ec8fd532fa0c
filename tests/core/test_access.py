"""Tests of core/access.py."""

import pytest

from vigild.core.access import NOBODY, Caller, Role, current_caller


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
