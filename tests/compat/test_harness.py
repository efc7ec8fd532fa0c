"""The harness itself: what it hides, and that it sees what it must not hide."""

import itertools
from collections.abc import Callable

import pytest

from support.compat import normalise, playbill
from support.compat.installation import THEIRS
from support.compat.playbill import Scenario
from support.compat.stage import Stage
from support.compat.transcript import Transcript, disagreement


def test_times_pids_and_paths_become_tokens() -> None:
    line = "2026-01-02 03:04:05,678 INFO spawned: 'web' with pid 4711, in /tmp/vcabc"
    assert (
        normalise.text(line, [("/tmp/vcabc", "<root>")])
        == "<time> INFO spawned: 'web' with pid <pid>, in <root>"
    )


def test_no_pid_is_not_a_pid() -> None:
    assert normalise.structure({"pid": 0, "stop": 0}) == {"pid": 0, "stop": 0}
    assert normalise.structure({"pid": 5, "stop": 9}) == {"pid": "<pid:int>", "stop": "<time:int>"}
    assert normalise.text("from_state:BACKOFF pid:0") == "from_state:BACKOFF pid:0"


def test_a_type_that_differs_is_seen() -> None:
    assert normalise.structure({"state": "20"}) != normalise.structure({"state": 20})
    assert normalise.structure({"pid": "5"}) != normalise.structure({"pid": 5})


def test_a_line_that_differs_is_told() -> None:
    one, other = Transcript("a", [("call", "fault 10")]), Transcript("b", [("call", "fault 20")])
    assert disagreement(one, one) == ""
    assert "+  fault 20" in disagreement(one, other)


def test_a_scenario_that_breaks_on_one_side_is_told() -> None:
    one, other = Transcript("a"), Transcript("b", broke=ValueError("no answer"))
    assert "no answer" in disagreement(one, other)


def test_daemons_that_differ_do_not_agree(agree: Callable[[Scenario], None]) -> None:
    del agree  # only for its check that both are installed

    def scenario(stage: Stage) -> None:
        stage.note("turn", next(turns))

    turns = itertools.count()
    with pytest.raises(AssertionError, match="> turn"):
        playbill.agree(scenario, ((THEIRS, THEIRS), (THEIRS, THEIRS)))
