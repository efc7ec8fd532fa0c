"""What waits is bounded, is tried later and later, and goes in order."""

from vigild.listeners.effects import Mail
from vigild.listeners.outbox import GIVE_UP_SECONDS, LONGEST_DELAY_SECONDS, MAX_WAITING, Outbox


def letter(subject: str) -> Mail:
    return Mail(("a@example.invalid",), subject, "")


def test_a_new_mail_is_due_at_once() -> None:
    outbox = Outbox()
    assert outbox.due_in(0.0) is None
    outbox.add(letter("a"), 0.0)
    assert (0.0, "a") == (outbox.due_in(0.0), outbox.next().subject)
    outbox.sent()
    assert outbox.due_in(0.0) is None


def test_failures_delay_all_longer_and_longer_up_to_a_limit() -> None:
    outbox = Outbox()
    outbox.add(letter("a"), 0.0)
    delays = [outbox.failed(0.0)[0] for _ in range(9)]
    assert [30, 60, 120, 240, 480, 960, 1800, 1800, LONGEST_DELAY_SECONDS] == delays
    outbox.add(letter("b"), 0.0)
    assert 1800 == outbox.due_in(0.0)
    outbox.sent()
    assert 0.0 == outbox.due_in(0.0)


def test_one_that_nobody_takes_does_not_hold_up_the_others() -> None:
    outbox = Outbox()
    outbox.add(letter("a"), 0.0)
    outbox.add(letter("b"), 0.0)
    outbox.failed(0.0)
    assert "b" == outbox.next().subject


def test_too_many_push_out_the_oldest() -> None:
    outbox = Outbox()
    dropped = [outbox.add(letter(str(number)), 0.0) for number in range(MAX_WAITING + 1)]
    assert [None] * MAX_WAITING == dropped[:-1]
    assert dropped[-1] is not None
    assert ("0", 1, MAX_WAITING) == (dropped[-1].subject, outbox.dropped, len(outbox))


def test_one_that_was_tried_for_days_is_given_up() -> None:
    outbox = Outbox()
    outbox.add(letter("a"), 0.0)
    assert not outbox.failed(GIVE_UP_SECONDS - 1)[1]
    assert outbox.failed(GIVE_UP_SECONDS)[1]
    assert (0, 1) == (len(outbox), outbox.dropped)


def test_at_the_end_what_is_left_is_named() -> None:
    outbox = Outbox()
    outbox.add(letter("a"), 0.0)
    assert ["a"] == [mail.subject for mail in outbox.give_up()]
    assert 0 == len(outbox)
