"""The story of a failure: what it usually means, what followed, what to try."""

import pytest

from support.story_codes import STORY_CODES
from vigild.core.facts import Fact
from vigild.core.story import explain, latest_failure, tell

NOW = 10_000.0
SIGNALS = {9: "SIGKILL", 15: "SIGTERM"}


def signal_name(number: int) -> str:
    return SIGNALS.get(number, f"signal {number}")


def clock_time(at: float) -> str:
    return f"{at:.0f} s"


def fact(at: float, kind: str, **details: object) -> Fact:
    return {"id": int(at), "at": at, "kind": kind, "name": "web", "details": details}


def failure(at: float = 9_000.0, **details: object) -> Fact:
    return fact(at, "exit", **{"pid": 7, "ran": 2.0, "expected": False, "state": "RUNNING", **details})


def told(*facts: Fact) -> dict[str, str]:
    index = latest_failure(facts)
    assert index is not None
    story = tell("web", facts, index, facts[index], NOW, clock_time, signal_name)
    assert {sentence.code for part in story for sentence in part.sentences} <= STORY_CODES
    return {part.heading: part.text for part in story}


@pytest.mark.parametrize(
    ("details", "meaning", "advice"),
    [
        ({"signal": "SIGKILL"}, "for want of memory, or a person", "journalctl -k"),
        ({"signal": "SIGKILL", "oom_kills": 1}, "its counter of such kills went up", "more memory"),
        ({"signal": "SIGSEGV"}, "memory that is not its own", "core dump"),
        ({"signal": "SIGTERM"}, "somebody outside Vigil", "who sends it"),
        ({"signal": "SIGPIPE"}, "whose other end was closed", "that ended first"),
        ({"signal": "SIGRTMIN"}, "does not handle it (SIGRTMIN)", "who sends it"),
        ({"status": 0}, "should have stayed", "forking=true"),
        ({"status": 1}, "general error", "last lines"),
        ({"status": 2}, "wrong arguments", "by hand"),
        ({"status": 126}, "may not execute", "chmod"),
        ({"status": 127}, "did not find the command", "full path"),
        ({"status": 137}, "killed by SIGKILL: nothing in it can catch that", "journalctl -k"),
        ({"status": 143}, "killed by SIGTERM: somebody outside Vigil", "who sends it"),
        ({"status": 161}, "killed by signal 33", "who sends it"),
        ({"status": 42}, "the program's own terms", "documentation"),
        (
            {"signal": "SIGTERM", "reason": "memory_max: 3 GB > 2 GB"},
            "than memory_max allows",
            "raise memory_max",
        ),
        ({"status": 0, "reason": "rule: cpu 95% > 90%"}, "one of its rules came true", "more cycles"),
        ({"status": 0, "reason": "unhealthy: HTTP 500"}, "its health checks failed", "by hand"),
        (
            {"signal": "SIGABRT", "reason": "watchdog: no WATCHDOG=1"},
            "did not report in time",
            "watchdog_secs",
        ),
        (
            {
                "signal": "SIGTERM",
                "reason": "not ready within 2 seconds (tcp://127.0.0.1:1: connection refused)",
            },
            "was not ready in time",
            "readiness_timeout",
        ),
        (
            {"signal": "SIGTERM", "reason": "monitor shop: failed: HTTP status 500"},
            "a rule of a monitor came true",
            "vigil monitors",
        ),
        ({"status": 1, "reason": "another"}, "general error", "last lines"),
        ({"unseen": "nobody saw how: because"}, "nobody saw how: because", "its own log"),
    ],
)
def test_what_an_end_usually_means(details: dict[str, object], meaning: str, advice: str) -> None:
    known = explain(details, signal_name)
    assert meaning in known.meaning
    assert advice in known.advice
    assert {f"meaning.{known.code}", f"try.{known.code}"} <= STORY_CODES


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("can't find command 'x'", "is not there"),
        ("x: No such file or directory", "is not there"),
        ("Permission denied", "may not execute"),
        ("cannot set limit nofile", "never came to run"),
    ],
)
def test_what_could_not_be_started(text: str, meaning: str) -> None:
    story = told(fact(9_000, "spawn_failed", text=text))
    assert story["What"] == f"it could not be started: {text}"
    assert meaning in story["Meaning"]


def test_there_may_be_none() -> None:
    assert latest_failure([]) is None
    assert latest_failure([fact(1, "state", new="RUNNING"), failure(expected=True)]) is None


def test_the_latest_is_told_with_its_last_lines() -> None:
    last = failure(signal="SIGSEGV", core=True)
    last["stderr"] = ["oh", "no"]
    story = told(failure(5_000, status=1), last, fact(9_001, "state", new="RUNNING", cause="stayed_up"))
    assert story[""].startswith("web failed on ")
    assert story[""].endswith(", 16 min ago.")
    assert story["What"] == "killed by SIGSEGV, core dumped after 2.0 s; its pid was 7."
    assert story["Last lines of stderr"] == "oh\nno"
    assert "Last lines of stdout" not in story
    assert story["Before"].startswith("1 failure before (1 in the last 24 hours, 0 in the same way)")


def test_who_ended_it_is_said() -> None:
    what = told(failure(signal="SIGTERM", reason="memory_max: 3 GB > 2 GB"))["What"]
    assert what == "killed by SIGTERM after 2.0 s; Vigil ended it: memory_max: 3 GB > 2 GB; its pid was 7."


def test_how_often_before() -> None:
    assert told(failure(status=1))["Before"] == "the first failure that the history knows."
    story = told(failure(100, status=1), failure(200, status=1), failure(300, status=2), failure(status=1))
    assert story["Before"].startswith("3 failures before (3 in the last 24 hours, 2 in the same way)")
    grew = failure(100, signal="SIGTERM", reason="memory_max: 3 GB > 2 GB")
    hung = failure(signal="SIGTERM", reason="unhealthy: HTTP 500")
    assert "0 in the same way" in told(grew, hung)["Before"]


@pytest.mark.parametrize(
    ("later", "words"),
    [
        ([], "nothing yet"),
        ([fact(9_001, "state", new="STARTING", cause="restart")], "Vigil started it again on"),
        ([fact(9_001, "state", new="STARTING", cause="start", by="uid 0")], "it was started by uid 0 on"),
        ([fact(9_001, "state", new="FATAL", cause="gave_up")], "Vigil gave it up on"),
        ([fact(9_001, "state", new="STOPPED", cause="stop")], "it was stopped on"),
        ([fact(9_001, "flapping", what="began", text="10 restarts")], "found it flapping"),
        ([fact(9_001, "lost", count=3)], "nothing yet"),
        (
            [fact(9_001, "state", new="STOPPED"), fact(9_002, "flapping", what="cleared")],
            "was stopped on 9001 s",
        ),
        ([fact(9_001, "flapping", what="began", text="often")], "found it flapping on 9001 s (often)"),
        ([fact(9_001, "unseen", text="it ended while no daemon ran")], "it ended while no daemon ran."),
    ],
)
def test_what_was_done_about_it(later: list[Fact], words: str) -> None:
    assert words in told(failure(status=1), *later)["Then"]


def test_advice_for_what_was_given_up_and_for_what_ends_quickly() -> None:
    story = told(failure(status=1, state="STARTING"), fact(9_001, "state", new="FATAL", cause="gave_up"))
    assert "had not got past its start" in story["What"]
    assert "run its command by hand" in story["Try"]
    assert "supervisorctl start web" in story["Try"]
    assert "vigil history web" in story["Try"]
    assert story["Last lines"].startswith("none are kept")


def test_a_sentence_can_be_said_in_other_words_by_its_code_and_values() -> None:
    facts = [
        failure(5_000, status=1),
        failure(status=137, state="STARTING"),
        fact(9_001, "state", new="STARTING", by="ann"),
    ]
    story = tell("web", facts, 1, facts[1], NOW, clock_time, signal_name)
    said = {sentence.code: sentence.values for part in story for sentence in part.sentences}
    assert said["failed"] == {"name": "web", "at": 9_000.0, "ago": 1_000.0}
    assert said["ended"] == {"ran": 2.0, "status": 137, "pid": 7, "state": "STARTING"}
    assert said["meaning.SIGKILL"] == said["try.SIGKILL"] == {"shell": True, "signal": "SIGKILL"}
    assert said["before"] == {"count": 1, "lately": 1, "same": 0, "at": 5_000.0}
    assert said["started"] == {"at": 9_001.0, "by": "ann"}
