"""status --json, patterns, and a daemon that does not answer."""

import json

from cli.ctl import scenes
from cli.ctl.conftest import Desk
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
