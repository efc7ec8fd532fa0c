"""Facts in words."""

import time

import pytest

from vigild.cli.facts import BAD, GOOD, PLAIN, Fact, clock_time, duration, is_failure, mood_of, words_of


def fact(kind: str, **details: object) -> Fact:
    return {"id": 1, "at": 0.0, "kind": kind, "name": "web", "details": details}


EXIT = {"pid": 7, "ran": 2.0, "expected": False}


@pytest.mark.parametrize(
    ("told", "words", "mood"),
    [
        (
            fact("state", old="STOPPED", new="STARTING", cause="start", by="uid 0"),
            "STOPPED -> STARTING (started by uid 0)",
            PLAIN,
        ),
        (
            fact("state", old="STARTING", new="RUNNING", cause="stayed_up"),
            "STARTING -> RUNNING (it has stayed up)",
            GOOD,
        ),
        (
            fact("state", old="STARTING", new="BACKOFF", cause="exit", tries=2),
            "STARTING -> BACKOFF (it ended, try 2)",
            BAD,
        ),
        (
            fact("state", old="RUNNING", new="EXITED", cause="new word"),
            "RUNNING -> EXITED (new word)",
            PLAIN,
        ),
        (fact("exit", status=3, **EXIT), "ended: exit status 3; pid 7, ran 2.0 s; not expected", BAD),
        (
            fact("exit", **{**EXIT, "signal": "SIGSEGV", "core": True, "expected": True}),
            "ended: killed by SIGSEGV, core dumped; pid 7, ran 2.0 s; expected",
            PLAIN,
        ),
        (fact("exit", **EXIT), "ended: nobody saw how; pid 7, ran 2.0 s; not expected", BAD),
        (
            fact("exit", signal="SIGTERM", reason="memory_max: 3 GB > 2 GB", **EXIT),
            "ended by Vigil (memory_max: 3 GB > 2 GB): killed by SIGTERM; pid 7, ran 2.0 s; not expected",
            BAD,
        ),
        (
            fact("rule", what="raised", text="cpu 95% > 90%", rule="if cpu"),
            "rule: cpu 95% > 90% (if cpu)",
            BAD,
        ),
        (fact("rule", what="cleared", text="cpu 5%", rule="if cpu"), "rule is over: cpu 5% (if cpu)", GOOD),
        (fact("spawn_failed", text="no such file"), "could not be started: no such file", BAD),
        (fact("flapping", what="began", text="10 restarts"), "flapping: 10 restarts", BAD),
        (fact("flapping", what="cleared", text="quiet"), "flapping is over (quiet)", GOOD),
        (
            fact("order", method="stopProcess", arguments=["web", "True"], by="uid 0"),
            "order by uid 0: stopProcess(web, True)",
            PLAIN,
        ),
        (
            fact("order", method="startProcess", arguments=["x"], by="", failed="BAD_NAME: x"),
            "order: startProcess(x): refused: BAD_NAME: x",
            PLAIN,
        ),
        (
            fact("access", what="login", by="ann@10.0.0.7", via="password", count=3),
            "login ann@10.0.0.7, after 3 wrong tries",
            PLAIN,
        ),
        (
            fact("access", what="login", by="ann@10.0.0.7", via="password", count=1),
            "login ann@10.0.0.7, after 1 wrong try",
            PLAIN,
        ),
        (fact("access", what="logout", by="ann@10.0.0.7", via="session"), "logout ann@10.0.0.7", PLAIN),
        (
            fact("access", what="failed", by="10.0.0.7", via="token", count=1),
            "login failed: 10.0.0.7 (wrong token)",
            BAD,
        ),
        (
            fact("access", what="failed", by="ann@10.0.0.7", via="password", count=8, untold=3),
            "login failed: ann@10.0.0.7 (wrong password, 8 in a row); 3 more like this were counted only",
            BAD,
        ),
        (
            fact(
                "access",
                what="users",
                by="uid 0",
                added=["eve (viewer)"],
                changed=["ann: password", "b: password"],
            ),
            "users changed by uid 0: added eve (viewer); changed ann: password, b: password",
            PLAIN,
        ),
        (
            fact("daemon", what="started", version="1", pid=9, text="why", adopted=3),
            "daemon started (Vigil 1, pid 9): why; 3 running processes adopted",
            PLAIN,
        ),
        (
            fact("alert", alert="ops", what="delivered", edges=3, text="web is down and 2 more"),
            "alert ops told: web is down and 2 more",
            PLAIN,
        ),
        (
            fact("alert", alert="ops", what="refused", text="web is down", error="no such robot"),
            "alert ops was refused: web is down: no such robot",
            BAD,
        ),
        (fact("lost", count=4), "4 facts could not be kept here", BAD),
        (fact("unseen", text="it ended while no daemon ran"), "it ended while no daemon ran", BAD),
        (fact("of a later version", text="x"), "x", PLAIN),
    ],
)
def test_each_kind_in_a_line(told: Fact, words: str, mood: str) -> None:
    assert words == words_of(told)
    assert mood == mood_of(told)


def test_what_is_a_failure() -> None:
    assert is_failure(fact("exit", **EXIT))
    assert is_failure(fact("spawn_failed"))
    assert not is_failure(fact("exit", expected=True))
    assert not is_failure(fact("state", new="FATAL"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0.0 s"), (59.94, "59.9 s"), (60, "1 min"), (3_700, "1 h 1 min"), (180_000, "2 d 2 h")],
)
def test_durations(seconds: float, words: str) -> None:
    assert words == duration(seconds)


def test_times_are_local() -> None:
    assert clock_time(86_400.0) == time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(86_400))
