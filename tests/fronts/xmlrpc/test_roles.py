"""Which role each method needs."""

import asyncio
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from support.rpc_namespace import Twiddler
from vigild.core.access import Caller, Role, current_caller
from vigild.core.errors import NotAllowedError
from vigild.fronts.xmlrpc import MAIN_INTERFACE
from vigild.fronts.xmlrpc.dispatch import Dispatcher
from vigild.fronts.xmlrpc.orders import ORDERS
from vigild.fronts.xmlrpc.roles import ROLES, role_of


def test_the_table_names_every_method_and_no_other(short_tmp: Path) -> None:
    table = Dispatcher(FakeControl(short_tmp), {"supervisor": MAIN_INTERFACE}).table
    assert set(table) == set(ROLES)


def test_no_order_is_for_viewers() -> None:
    lax = [name for name, role in ROLES.items() if role is Role.VIEWER and name.partition(".")[2] in ORDERS]
    assert lax == []


def test_what_ends_or_changes_the_daemon_is_for_admins() -> None:
    names = ["clearLog", "shutdown", "restart", "reloadConfig", "addProcessGroup", "removeProcessGroup"]
    assert {role_of(f"supervisor.{name}") for name in names} == {Role.ADMIN}
    assert role_of("twiddler.anything") is Role.ADMIN


async def ask(dispatcher: Dispatcher, role: Role, method: str, *params: object) -> object:
    current_caller.set(Caller("ann", role))
    return await dispatcher.call(method, list(params))


def test_each_role_may_what_it_may(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.add("cat")
    dispatcher = Dispatcher(control, {"again": MAIN_INTERFACE, "twiddler": Twiddler(None)})
    may = [
        (Role.VIEWER, "supervisor.getProcessInfo", ["cat"], True),
        (Role.VIEWER, "supervisor.stopProcess", ["cat"], False),
        (Role.OPERATOR, "supervisor.stopProcess", ["cat"], True),
        (Role.OPERATOR, "again.startProcess", ["cat"], True),
        (Role.OPERATOR, "again.shutdown", [], False),
        (Role.OPERATOR, "twiddler.get_options", [], False),
        (Role.ADMIN, "supervisor.shutdown", [], True),
    ]
    for role, method, params, allowed in may:
        if allowed:
            asyncio.run(ask(dispatcher, role, method, *params))
        else:
            with pytest.raises(NotAllowedError, match="needs the role"):
                asyncio.run(ask(dispatcher, role, method, *params))
    refused = [(method, who) for method, _, _, result, who in control.history.orders if result]
    assert refused == [("stopProcess", "ann"), ("shutdown", "ann")]


def test_a_token_for_some_programs_reaches_nothing_that_is_about_all(short_tmp: Path) -> None:
    dispatcher = Dispatcher(FakeControl(short_tmp), {"supervisor": MAIN_INTERFACE})
    refused = [
        ("vigil.getAlerts", []),
        ("vigil.testAlert", ["ops"]),
        ("vigil.getForwards", []),
        ("vigil.testForward", ["loki"]),
        ("vigil.getMonitors", []),
        ("vigil.monitorNow", ["m"]),
        ("vigil.setMonitor", ["m", True]),
        ("supervisor.readLog", [0, 0]),
        ("vigil.getTokens", []),
    ]
    token = current_caller.set(Caller("token:ci", Role.ADMIN, "token", programs=("web",)))
    try:
        for method, params in refused:
            with pytest.raises(NotAllowedError, match="is not about web alone"):
                asyncio.run(dispatcher.call(method, list[object](params)))  # type: ignore[arg-type]
    finally:
        current_caller.reset(token)


def test_many_calls_in_one_are_each_asked_about(short_tmp: Path) -> None:
    dispatcher = Dispatcher(FakeControl(short_tmp), {"supervisor": MAIN_INTERFACE})
    calls = [{"methodName": "supervisor.getPID"}, {"methodName": "supervisor.shutdown"}]
    results = asyncio.run(ask(dispatcher, Role.VIEWER, "system.multicall", calls))
    assert isinstance(results, list)
    assert results[0] == 4711
    assert "not allowed: shutdown needs the role admin" in results[1]["faultString"]
