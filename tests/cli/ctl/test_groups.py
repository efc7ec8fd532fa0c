"""update: what is done, and in which order."""

from cli.ctl import scenes
from cli.ctl.conftest import Desk
from vigild.cli.ctl import groups


def orders(desk: Desk) -> list[str]:
    names = ("stopProcessGroup", "removeProcessGroup", "addProcessGroup")
    return [f"{name[11:]} {params[0]}" for name, params in desk.daemon.calls if name[11:] in names]


def test_update_removes_then_replaces_then_adds(desk: Desk) -> None:
    groups.do_update(desk.ctl, "")
    assert orders(desk) == [
        "stopProcessGroup gone",
        "removeProcessGroup gone",
        "stopProcessGroup changed",
        "removeProcessGroup changed",
        "addProcessGroup changed",
        "addProcessGroup b_new",
        "addProcessGroup a_new",
    ]


def test_update_of_some_leaves_the_others(desk: Desk) -> None:
    infos = [*scenes.INFOS, scenes.info("changed", "x", "RUNNING", 20, 1, "")]
    desk.daemon.methods["supervisor.getAllProcessInfo"] = scenes.constant(infos)
    groups.do_update(desk.ctl, "changed cat")
    assert orders(desk) == [
        "stopProcessGroup changed",
        "removeProcessGroup changed",
        "addProcessGroup changed",
    ]
    assert desk.ctl.exit_status == 0


def test_group_that_cannot_be_stopped_is_not_removed(desk: Desk) -> None:
    desk.daemon.methods["supervisor.stopProcessGroup"] = scenes.constant(scenes.statuses(30))
    groups.do_update(desk.ctl, "gone")
    assert (
        desk.out.getvalue() == "ERROR: no such group: gone\ngone: stopped\ngone: has problems; not removing\n"
    )
    assert orders(desk) == ["stopProcessGroup gone"]
    assert desk.ctl.exit_status == 1
