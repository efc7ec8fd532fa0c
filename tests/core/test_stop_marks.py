"""When a stop by hand is remembered."""

import pytest

from vigild.core.stop_marks import Cause, StopMark, after_removal, after_stop

HAND, GROUP = StopMark(Cause.HAND, 5), StopMark(Cause.GROUP, 5)


@pytest.mark.parametrize("before", [None, HAND, GROUP])
def test_a_stop_of_what_runs_leaves_a_new_mark_of_its_kind(before: StopMark | None) -> None:
    assert after_stop(before, was_running=True, as_group=False, now_wall=9) == StopMark(Cause.HAND, 9)
    assert after_stop(before, was_running=True, as_group=True, now_wall=9) == StopMark(Cause.GROUP, 9)


@pytest.mark.parametrize("as_group", [True, False])
def test_a_stop_of_what_is_down_makes_its_mark_outlast_the_removal(as_group: bool) -> None:
    assert after_stop(None, was_running=False, as_group=as_group, now_wall=9) is None
    assert after_stop(HAND, was_running=False, as_group=as_group, now_wall=9) == HAND
    assert after_stop(GROUP, was_running=False, as_group=as_group, now_wall=9) == HAND


def test_the_removal_of_a_group_forgets_stops_of_the_group() -> None:
    assert (after_removal(None), after_removal(GROUP), after_removal(HAND)) == (None, None, HAND)
