"""status --json, patterns, and a daemon that does not answer."""

import io
import json

import pytest

from cli.ctl import scenes
from cli.ctl.conftest import Desk
from cli.test_alert import WELL
from vigild.cli.ctl import exits


def test_json_tells_everything(desk: Desk) -> None:
    rows = json.loads(desk.say("status --json"))
    assert [row["namespec"] for row in rows][:3] == ["cat", "pair:one", "pair:two"]
    assert [{k: v for k, v in row.items() if k != "namespec"} for row in rows] == scenes.INFOS
    assert desk.ctl.exit_status == exits.STATUS_NOT_RUNNING == 3


def test_json_keeps_stdout_for_json(desk: Desk) -> None:
    assert [row["name"] for row in json.loads(desk.say("status --json cat nosuch"))] == ["cat"]
    assert desk.err.getvalue() == "nosuch: ERROR (no such process)\n"
    assert desk.ctl.exit_status == exits.STATUS_UNKNOWN == 4


def test_patterns(desk: Desk) -> None:
    assert [line.split()[0] for line in desk.say("status w*").splitlines()] == ["web:web_00", "web:web_01"]
    assert desk.ctl.exit_status == 0
    assert desk.say("status nope*") == "nope*: ERROR (no such process)\n"
    assert desk.say("pid web*") == "1002\n1003\n"
    assert desk.say("pid nope*") == "No such process nope*\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("is_known", [True, False])
def test_a_person_is_told_of_alerts_that_do_not_arrive_and_a_program_is_not(
    desk: Desk, is_known: bool
) -> None:
    if is_known:
        desk.daemon.methods["vigil.getAlerts"] = lambda: [{**WELL, "refused": "no such robot"}]
    usual = desk.say("status")
    assert desk.err.getvalue() == ""
    out, desk.ctl.stderr = Terminal(), desk.err
    desk.ctl.stdout = out
    desk.ctl.run("status")
    assert desk.err.getvalue() == "", "stderr goes to a file"
    desk.ctl.stderr = err = Terminal()
    desk.ctl.run("status")
    assert usual * 2 == out.getvalue()
    assert ("alert ops: refused: no such robot\n" if is_known else "") == err.getvalue()
    desk.ctl.run("status cat")
    desk.ctl.run("status --json")
    assert 1 == err.getvalue().count("refused") or not is_known
