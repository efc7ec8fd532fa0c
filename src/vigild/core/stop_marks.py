"""What an operator stopped by hand, remembered for daemons to come: when a mark is made, promoted and forgotten.

`supervisorctl update` of a changed group orders a stop of the whole group, removes it and adds it again. Such
a stop cannot be told from an operator's `stop GROUP:*` by itself, so it leaves a mark of a weaker kind, which
the removal of the group forgets. What was down already when a group was stopped was meant to be down: its mark
becomes, or stays, the stronger one, and outlasts the removal.
"""

from enum import Enum

from vigild.core.frozen import frozen


class Cause(Enum):
    """What kind of stop left the mark."""

    HAND = "hand"  # of this process, or of everything
    GROUP = "group"  # of its group, while it ran


@frozen
class StopMark:
    """A process is to stay stopped. `at`: seconds since the epoch."""

    cause: Cause
    at: float


def after_stop(
    mark: StopMark | None, *, was_running: bool, as_group: bool, now_wall: float
) -> StopMark | None:
    """The mark of a process after an operator's order to stop it or its group."""
    if was_running:
        return StopMark(Cause.GROUP if as_group else Cause.HAND, now_wall)
    return None if mark is None else StopMark(Cause.HAND, mark.at)


def after_removal(mark: StopMark | None) -> StopMark | None:
    """The mark of a process after its group was removed."""
    return None if mark is None or mark.cause is Cause.GROUP else mark
