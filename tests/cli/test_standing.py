"""What stands beside the programs: which of it is trouble, and in which words."""

from typing import Any

import pytest

from cli.test_alert import WELL
from cli.test_forward import WELL as FORWARD
from cli.test_monitors import FAILED, monitor
from vigild.cli.facts import clock_time
from vigild.cli.standing import standing
from vigild.client.errors import FaultError
from vigild.core.errors import Fault


class Answers:
    """A daemon that knows these methods."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def call(self, method: str, *arguments: object) -> object:
        answer = self.answers.get(method.removeprefix("vigil."), Fault.UNKNOWN_METHOD)
        if isinstance(answer, Fault):
            raise FaultError(answer, "no")
        return answer


def test_what_is_well_is_no_trouble() -> None:
    disabled = monitor(state="disabled", unknown_because="no psutil")
    held = {
        **monitor(state="unknown", unknown_because="waits for web: STOPPED"),
        "held_because": "waits for web",
    }
    found = standing(Answers(getAlerts=[WELL], getMonitors=[monitor(), disabled, held]))
    assert () == found.troubles
    assert ("ok",) == tuple(one["state"] for one in found.alerts)
    assert 3 == len(found.monitors)


def test_each_trouble_is_a_line() -> None:
    alerts = [
        {**WELL, "name": "bot", "refused": "dingtalk://***: no such \x1brobot"},
        {**WELL, "name": "mail", "failing_since": 100.0, "error": "connection refused"},
        {**WELL, "name": "none", "trouble": "the alert deliverer does not run: x"},
    ]
    blind = monitor(state="unknown", unknown_because="the monitor process does not run")
    assert (
        "alert bot: refused: dingtalk://***: no such  robot",
        f"alert mail: failing since {clock_time(100.0)}: connection refused",
        "alert none: stopped: the alert deliverer does not run: x",
        "monitor web: failed: refused",
        "monitor disk: unknown: the monitor process does not run",
    ) == standing(Answers(getAlerts=alerts, getMonitors=[FAILED, blind])).troubles


def test_a_forward_that_does_not_arrive_is_trouble_and_one_that_has_lost_lines_is_not() -> None:
    forwards = [
        FORWARD,
        {**FORWARD, "name": "lost", "dropped_lines": 3},
        {**FORWARD, "name": "down", "failing_since": 100.0, "error": "connection\x1b refused"},
        {**FORWARD, "name": "none", "trouble": "the forwarder does not run"},
    ]
    found = standing(Answers(getForwards=forwards))
    assert (
        f"forward down: failing since {clock_time(100.0)}: connection  refused",
        "forward none: stopped: the forwarder does not run",
    ) == found.troubles
    assert ("ok", "losing", "failing", "stopped") == tuple(one["state"] for one in found.forwards)


def test_a_daemon_that_knows_nothing_of_it_has_no_trouble_and_one_that_refuses_says_so() -> None:
    assert () == standing(Answers(getMonitors=Fault.BAD_NAME)).troubles
    with pytest.raises(FaultError):
        standing(Answers(getAlerts=Fault.FAILED))


def test_who_may_not_know_of_it_is_not_told_and_not_refused() -> None:
    class Refusing:
        def call(self, method: str, *arguments: object) -> object:
            raise FaultError(Fault.FAILED, "FAILED: not allowed: getAlerts is not about web alone")

    assert () == standing(Refusing()).troubles
