"""Facts, and the words for them that are shared."""

from vigild.core.facts import Fact, by_whom, duration, end_words, is_failure


def test_words() -> None:
    told: Fact = {
        "kind": "exit",
        "details": {"expected": False, "signal": "SIGSEGV", "core": True, "by": "ada"},
    }
    assert is_failure(told)
    assert not is_failure({"kind": "exit", "details": {}})
    assert is_failure({"kind": "spawn_failed", "details": {}})
    assert "killed by SIGSEGV, core dumped" == end_words(told["details"])
    assert "killed by SIGTERM" == end_words({"signal": "SIGTERM"})
    assert "exit status 3" == end_words({"status": 3})
    assert "nobody saw how" == end_words({})
    assert (" by ada", "") == (by_whom(told["details"]), by_whom({}))
    assert ["1.0 s", "2 min", "1 h 1 min", "2 d 2 h"] == [duration(n) for n in (1, 120, 3_660, 180_000)]
