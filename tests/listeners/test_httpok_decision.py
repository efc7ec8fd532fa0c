"""What httpok does about an answer."""

import pytest

from support.process_infos import info
from vigild.listeners.httpok_decision import (
    CoreDump,
    Line,
    Memory,
    Plan,
    Restart,
    Settings,
    Start,
    Trouble,
    decide,
    trouble,
)
from vigild.listeners.units import Budget
from vigild.listeners.web_check import Answer

URL = "http://x/"
WEB, JOB, OFF = info("web", pid=7), info("job", "site"), info("off", "site", state=0, pid=0)
DEAD = info("dead", state=200, pid=0)
INFOS = [WEB, JOB, OFF, DEAD]


def plan(settings: Settings, memory: Memory | None = None, now: float = 0.0) -> Plan:
    return decide(INFOS, memory or Memory(), settings, now)[1]


def lines(found: Plan) -> list[str]:
    return [step.text for step in found.steps if isinstance(step, Line)]


def acts(found: Plan) -> list[object]:
    return [step for step in found.steps if not isinstance(step, Line)]


def test_right_and_wrong_answers() -> None:
    settings = Settings(URL, statuses=(200, 204), body="good", name=None)
    assert trouble(Answer(200, "OK", b"all good"), settings) is None
    bad = trouble(Answer(500, "Oops"), settings)
    assert Trouble(f"httpok: {URL}: bad status returned", f"status contacting {URL}: 500 Oops") == bad
    body = trouble(Answer(204, "OK", b""), settings._replace(name="box"))
    assert Trouble(f"httpok [box]: {URL}: bad body returned", f"status contacting {URL}: 204 OK") == body
    none = trouble(Answer(error="timed out"), settings)
    assert none is not None
    assert (f"httpok: {URL}: bad status returned", f"error contacting {URL}:\n\n timed out") == none


def test_selected_processes() -> None:
    found = plan(Settings(URL, ("web", "site:off", "gone")))
    assert [
        "Restarting selected processes ['web', 'site:off', 'gone']",
        "web is in RUNNING state, restarting",
        "site:off not in RUNNING state, NOT restarting",
        "Programs not restarted because they did not exist: ['gone']",
    ] == lines(found)
    assert ([Restart("web")], True) == (acts(found), found.mails)


def test_a_whole_group() -> None:
    assert [Restart("site:job")] == acts(plan(Settings(URL, ("site:*",))))


def test_any_spares_the_listener_itself() -> None:
    found = plan(Settings(URL, any=True, own="site:job"))
    assert "Restarting all running processes" == lines(found)[0]
    assert [Restart("web")] == acts(found)


def test_core_files_come_first() -> None:
    found = plan(Settings(URL, ("web",), core_directory="/cores/", gcore="gcore"))
    assert [CoreDump("web", "/cores/web", 7), Restart("web")] == acts(found)


def test_within_its_grace_a_process_is_left_alone_and_nobody_is_mailed() -> None:
    found = plan(Settings(URL, ("web",), grace_seconds=101))
    assert [] == acts(found)
    assert "web was started 100 s ago, within its grace of 101 s, NOT restarting" in lines(found)
    assert not found.mails
    assert [Restart("web")] == acts(plan(Settings(URL, ("web",), grace_seconds=100)))


def test_the_budget_of_restarts() -> None:
    settings = Settings(URL, ("web",), restart_budget=Budget(2, 60))
    memory = Memory()
    seen = []
    for now in (0.0, 10.0, 20.0, 30.0, 60.0, 62.0):
        memory, found = decide(INFOS, memory, settings, now)
        seen.append((len(acts(found)), found.mails))
    # Two restarts; then told once; when the first is a minute ago there is room for one again, then told once more.
    assert [(1, True), (1, True), (0, True), (0, False), (1, True), (0, True)] == seen


def test_fatal_programs_are_started_if_asked_for() -> None:
    settings = Settings(URL, ("dead",))
    assert ["dead not in RUNNING state, NOT restarting"] == lines(plan(settings))[1:]
    found = plan(settings._replace(start_fatal=True))
    assert (["dead is in FATAL state, starting"], [Start("dead")]) == (lines(found)[1:], acts(found))
    spent = Memory({"dead": (0.0,)})
    again = plan(settings._replace(start_fatal=True, restart_budget=Budget(1, 60)), spent, 59.0)
    assert [] == acts(again)


@pytest.mark.parametrize("settings", [Settings(URL), Settings(URL, ("off",)), Settings(URL, ("gone",))])
def test_without_holds_it_always_mails_as_superlance_does(settings: Settings) -> None:
    assert plan(settings).mails
