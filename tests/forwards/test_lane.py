import time
from collections.abc import Callable, Iterator

import pytest

from forwards.fakes import FakeSender, settings
from support.until import DEADLINE_SECONDS, until
from vigild.core.forwarding import Outcome, Verdict
from vigild.core.output_lines import Block, Source
from vigild.forwards.lane import LAST_TRY_SECONDS, Lane
from vigild.forwards.settings import ForwardSettings
from vigild.wire.forward_spool import Kept

SOURCE = Source("a", "a", "a", "stdout", 1)
LATER = Outcome(Verdict.LATER, "not now")


def block(text: str) -> Block:
    return Block(SOURCE, 1, text.encode(), text.count("\n") + 1, time.monotonic())


class Workshop:
    """Makes lanes, and ends them."""

    def __init__(self) -> None:
        self.lanes: list[Lane] = []
        self.senders: list[FakeSender] = []
        self.next_senders: list[FakeSender] = []
        self.changes: list[bool] = []

    def make_sender(self, _: ForwardSettings) -> FakeSender:
        sender = self.next_senders.pop(0) if self.next_senders else FakeSender()
        self.senders.append(sender)
        return sender

    def lane(
        self, made: ForwardSettings | None = None, refresh: Callable[[], ForwardSettings] | None = None
    ) -> Lane:
        first = made or settings()
        lane = Lane(first, refresh or (lambda: first), self.make_sender, self.changes.append)
        self.lanes.append(lane)
        return lane


@pytest.fixture
def workshop() -> Iterator[Workshop]:
    made = Workshop()
    yield made
    for sender in made.senders:
        sender.gate.set()
    for lane in made.lanes:
        lane.end(DEADLINE_SECONDS)
        lane.join(DEADLINE_SECONDS)


def test_lines_are_delivered_in_order(workshop: Workshop) -> None:
    lane = workshop.lane()
    for number in range(50):
        lane.put(block(f"{number}"))
    until(lambda: 50 == lane.status()["sent_lines"])
    assert [str(number) for number in range(50)] == workshop.senders[0].lines
    assert (0, 0.0, "") == tuple(lane.status()[name] for name in ("waiting_lines", "failing_since", "error"))


def test_a_receiver_that_hangs_does_not_hold_up_who_puts(workshop: Workshop) -> None:
    lane = workshop.lane(settings(buffer_max_bytes=2000))
    workshop.senders[0].gate.clear()
    for number in range(100):
        lane.put(block(f"{number:099d}"))
    status = lane.status()
    assert 100 == int(str(status["waiting_lines"])) + int(str(status["dropped_lines"]))
    assert int(str(status["waiting_bytes"])) <= 2000
    workshop.senders[0].gate.set()
    until(lambda: 0 == lane.status()["waiting_lines"])
    assert f"{99:099d}" == workshop.senders[0].lines[-1]


def test_what_fails_is_tried_again(workshop: Workshop) -> None:
    sender = FakeSender()
    asked = Outcome(Verdict.LATER, "not now", retry_after_seconds=3600.0)
    sender.outcomes.append(asked)
    workshop.next_senders.append(sender)
    lane = workshop.lane()
    lane.put(block("x"))
    until(lambda: "not now" == lane.status()["error"])
    assert True in workshop.changes
    assert lane.status()["failing_since"]
    lane.end(DEADLINE_SECONDS)  # does not wait for the delay
    assert [] == lane.join(DEADLINE_SECONDS)
    assert ["x", "x"] == sender.lines
    assert 1 == sender.closed


def test_what_a_sender_raises_is_a_failure_without_its_words(workshop: Workshop) -> None:
    lane = workshop.lane()
    workshop.senders[0].outcomes.append(ValueError("secret"))
    lane.put(block("x"))
    until(lambda: lane.status()["error"] == "it failed (ValueError)")
    assert 1 == lane.status()["waiting_lines"]


def test_at_its_end_one_that_fails_is_tried_once_more_and_no_longer(workshop: Workshop) -> None:
    lane = workshop.lane()
    workshop.senders[0].outcomes.extend([LATER] * 100)
    lane.put(block("x\nyy"))
    until(lambda: lane.status()["error"])
    tries = len(workshop.senders[0].batches)
    assert LAST_TRY_SECONDS == lane.end(3600.0)
    assert ["x\nyy"] == [left.data.decode() for left in lane.join(DEADLINE_SECONDS)]
    assert len(workshop.senders[0].batches) - tries <= 1  # none if it was just being tried
    assert 2 == lane.status()["waiting_lines"]
    lane.let_go()
    assert 0 == lane.status()["waiting_lines"]


def test_at_its_end_one_that_was_well_is_tried_twice(workshop: Workshop) -> None:
    lane = workshop.lane(settings(batch_seconds=3600.0))
    workshop.senders[0].outcomes.extend([LATER] * 100)
    lane.put(block("x"))
    assert 3600.0 == lane.end(3600.0)
    assert ["x"] == [left.data.decode() for left in lane.join(DEADLINE_SECONDS)]
    assert 2 == len(workshop.senders[0].batches)


def test_one_that_does_not_answer_is_not_waited_for_and_what_it_says_then_is_too_late(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigild.forwards.lane.SLOW_SECONDS", 0.0)
    lane = workshop.lane()
    sender = workshop.senders[0]
    sender.gate.clear()
    lane.put(block("x"))
    until(lambda: sender.tries)
    assert LAST_TRY_SECONDS == lane.end(3600.0)
    assert ["x"] == [left.data.decode() for left in lane.join(0.0)]
    lane.let_go()
    sender.gate.set()
    until(lambda: sender.closed)
    assert (0, 0) == (lane.status()["waiting_lines"], lane.status()["sent_lines"])


def test_what_was_left_before_goes_first(workshop: Workshop) -> None:
    lane = workshop.lane(settings(batch_seconds=3600.0))
    lane.put(block("new"))
    lane.put_first(Kept([block("old"), block("less old")], 2, 20))
    status = lane.status()
    assert (3, 2, 20) == tuple(status[name] for name in ("waiting_lines", "dropped_lines", "dropped_bytes"))
    lane.end(DEADLINE_SECONDS)
    assert [] == lane.join(DEADLINE_SECONDS)
    assert ["old", "less old", "new"] == workshop.senders[0].lines


def test_with_other_settings_what_waits_goes_another_way(workshop: Workshop) -> None:
    lane = workshop.lane()
    workshop.senders[0].outcomes.append(LATER)
    lane.put(block("x"))
    until(lambda: lane.status()["error"])
    other = settings(url="journald:///other")
    lane.configure(other, lambda: other)
    until(lambda: lane.status()["sent_lines"])
    assert ["x"] == workshop.senders[1].lines
    assert (1, "journald:///other", other) == (
        workshop.senders[0].closed,
        lane.status()["url"],
        lane.settings,
    )


def test_an_address_that_was_not_there_is_looked_for_again(workshop: Workshop) -> None:
    found = [settings(url=""), settings(url="journald:")]
    workshop.next_senders.append(FakeSender())
    workshop.next_senders[0].outcomes.append(LATER)
    lane = workshop.lane(found[0], lambda: found.pop(0))
    lane.put(block("x"))
    until(lambda: lane.status()["sent_lines"])
    assert ["x"] == workshop.senders[1].lines
    assert "journald:" == lane.status()["url"]


def test_lines_wait_until_a_batch_is_due(workshop: Workshop) -> None:
    lane = workshop.lane(settings(batch_seconds=3600.0, batch_max_bytes=10))
    until(lambda: lane._condition._waiters)  # type: ignore[attr-defined]
    lane.put(block("one"))
    until(lambda: lane._condition._waiters)  # type: ignore[attr-defined]
    assert 1 == lane.status()["waiting_lines"]
    lane.put(block("two three"))
    until(lambda: lane.status()["sent_lines"])
    assert ["one"] == workshop.senders[0].batches[0]
