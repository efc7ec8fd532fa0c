"""`vigil.*Token*`: what they take; that they reach their operation is in test_vigil_methods.py."""

from pathlib import Path

from support.fake_control import FakeControl
from vigild.core.access import Role
from vigild.fronts.xmlrpc.orders import ORDERS, told_arguments
from vigild.fronts.xmlrpc.roles import role_of
from vigild.fronts.xmlrpc.token_methods import token_methods


def test_they_are_for_admins_and_noted(short_tmp: Path) -> None:
    names = [method.name for method in token_methods(FakeControl(short_tmp))]
    assert {role_of(f"vigil.{name}") for name in names} == {Role.ADMIN}
    assert [name for name in names if name in ORDERS] == ["createToken", "revokeToken"]


def test_the_history_tells_for_what_a_token_was_made() -> None:
    told = told_arguments("createToken", ["ci", "operator", ["web:*"], 60])
    assert told == ["ci", "operator", "['web:*']"]
