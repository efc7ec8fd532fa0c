"""`essential = true`: the daemon ends with the program, and says how it ended by its own exit status."""

import os
from typing import TYPE_CHECKING

from vigild.core.process import Wanted
from vigild.core.states import ProcessState

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess

FAILED = 1  # where there is no exit status to pass on
SIGNALLED = 128  # added to the number of a signal, as a shell does


def has_ended_by_itself(process: "ManagedProcess") -> bool:
    """Is it at rest, though nobody wanted that, and will not be started again?"""
    return (
        process.state in (ProcessState.EXITED, ProcessState.FATAL)
        and process.process.wanted is Wanted.UP
        and not process.process.pausing
        and process.policy.may_start
    )


def exit_status_of(process: "ManagedProcess") -> int:
    """What the daemon exits with when `process` has ended by itself."""
    wait_status = process.wait_status
    if wait_status is None:
        return FAILED
    code = os.waitstatus_to_exitcode(wait_status)
    if code < 0:
        return SIGNALLED - code
    if process.state is ProcessState.FATAL:
        return code or FAILED  # an exit with 0 that came too early is no success
    return code
