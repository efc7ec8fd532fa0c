from vigild.alerts.outbox import ReceiverRow
from vigild.alerts.road import Road
from vigild.alerts.sending import DELIVERED, Outcome, Receiver
from vigild.core.delivering import Parcel


def road(*numbers: int) -> Road:
    row = ReceiverRow(1, "ops", "mark")
    return Road(Receiver("ops", "https://x/", "x"), row, [Parcel(number, number) for number in numbers])


def test_a_failure_leaves_the_receiver_alone_and_what_arrives_opens_the_road() -> None:
    one = road(1, 2)
    parcel = one.next(100.0)
    assert Parcel(1, 1) == parcel
    assert parcel is not None
    one.failed(parcel, Outcome(False, False, "away"), 100.0, 0.5)
    assert (None, 105.0, 100.0, "away") == (
        one.next(104.0),
        one.next_at(),
        one.row.failing_since,
        one.row.error,
    )
    parcel = one.next(105.0)
    assert parcel is not None
    assert (1, 1) == (parcel.number, parcel.failures)
    one.done(parcel, DELIVERED)
    assert (0.0, "") == (one.row.failing_since, one.row.error)
    assert Parcel(2, 2) == one.next(105.0)


def test_a_receiver_may_ask_to_be_left_alone() -> None:
    one = road(1)
    one.failed(Parcel(1, 1), Outcome(False, False, "", 90.0), 100.0, 0.5)
    assert (190.0, "it failed") == (one.next_at(), one.row.error)


def test_one_at_a_time() -> None:
    one = road(1, 2)
    one.busy = True
    assert (None, None) == (one.next(0.0), one.next_at())


def test_a_refusal_is_remembered_until_something_arrives() -> None:
    one = road(1, 2)
    one.done(Parcel(1, 1), Outcome(False, True, ""))
    assert "it was refused" == one.row.refused
    one.done(Parcel(2, 2), DELIVERED)
    assert ("", None) == (one.row.refused, one.next_at())


def test_when_something_has_changed_it_is_tried_at_once() -> None:
    one = road(1)
    one.failed(Parcel(1, 1), Outcome(False), 100.0, 0.5)
    one.hurry()
    assert one.next(100.0) is not None
