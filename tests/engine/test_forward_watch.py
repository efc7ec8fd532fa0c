"""A forward that fails is said in the log at once, and to people when it lasts or costs lines; both once, and the end too."""

from support.fakes import FakeClock, FakeLog
from vigild.engine.forward_watch import FAILING_SECONDS, QUIET_SECONDS, ForwardWatch


class Stage:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.log = FakeLog()
        self.told: list[tuple[str, str]] = []
        self.watch = ForwardWatch("x", self.clock, self.log, lambda *told: self.told.append(told))
        self.watch.url = "loki+http://loki:3100"

    def take(self) -> list[str]:
        told, self.told = self.told, []
        assert all(name == "x" for name, _ in told)
        return [words for _, words in told]


def test_a_short_failure_is_in_the_log_only() -> None:
    stage = Stage()
    stage.watch.delivering()
    assert stage.take() == [""]  # a daemon before this one may have told of one
    stage.watch.failing("connection refused")
    stage.watch.failing("connection reset")
    assert stage.watch.is_failing
    stage.clock.advance(FAILING_SECONDS - 1)
    stage.watch.delivering()
    stage.watch.delivering()
    stage.clock.advance(1000)
    assert stage.log.lines == [
        "WARN forward x to loki+http://loki:3100 fails: connection refused; lines wait for it, as long as there is room",
        "INFO forward x to loki+http://loki:3100 delivers again, after 59 s",
    ]
    assert stage.take() == []
    assert stage.clock.armed == 0


def test_one_that_lasts_is_told_once_with_the_last_reason_and_once_that_it_is_over() -> None:
    stage = Stage()
    stage.clock.advance(100)
    stage.watch.failing("connection refused")
    stage.clock.advance(30)
    stage.watch.failing("HTTP 503")
    stage.clock.advance(30)
    assert stage.take() == ["forward x to loki+http://loki:3100 has failed for 60 s: HTTP 503"]
    stage.watch.failing("HTTP 500")
    stage.clock.advance(1000)
    assert stage.take() == []
    stage.watch.delivering()
    assert stage.take() == [""]
    assert stage.clock.armed == 0


def test_a_loss_is_told_at_once_and_over_when_there_was_none_for_a_while() -> None:
    stage = Stage()
    stage.watch.url = ""
    stage.watch.delivering()
    assert stage.take() == [""]
    stage.watch.lost("3 lines")
    assert stage.take() == ["forward x loses output: 3 lines"]
    stage.clock.advance(QUIET_SECONDS - 1)
    stage.watch.lost("4 lines")
    stage.watch.delivering()
    stage.clock.advance(QUIET_SECONDS - 1)
    assert stage.take() == []
    stage.clock.advance(1)
    assert stage.take() == [""]
    assert stage.clock.armed == 0


def test_a_loss_while_it_fails_is_over_with_the_failure_at_the_earliest() -> None:
    stage = Stage()
    stage.watch.failing("gone", says_so=False)
    assert stage.log.lines == []
    stage.watch.lost("5 lines")
    assert stage.take() == ["forward x to loki+http://loki:3100 loses output: 5 lines; it fails: gone"]
    stage.clock.advance(200)
    assert stage.take() == []
    stage.watch.delivering()
    assert stage.take() == [""]


def test_one_that_is_not_watched_any_more_tells_nothing() -> None:
    stage = Stage()
    stage.watch.close()
    stage.watch.failing("gone")
    stage.watch.close()
    stage.clock.advance(1000)
    assert stage.told == []
