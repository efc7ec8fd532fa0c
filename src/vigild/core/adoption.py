"""What becomes of a recorded process when a new daemon finds the record of an old one.

The old daemon wrote each state down before it acted on it, so the record is never behind what was done by
more than one step. `fate` says what that step may have been.
"""

from enum import Enum

from vigild.core.process import Process
from vigild.core.states import ProcessState


class Fate(Enum):
    """What the new daemon has to do about one recorded process."""

    ADOPT = "adopt"  # it runs: go on from the recorded state
    ADOPT_SPAWNED = "adopt spawned"  # its spawn was under way, and succeeded: tell the machine of its pid
    SPAWN = "spawn"  # its spawn was under way and never happened: do it now
    MOURN = "mourn"  # it ran and is dead: tell the machine that it has exited
    FIND_MAIN = "find main"  # its launcher had exited: look for what that left
    WAIT = "wait"  # what it depends on was not as it has to be: wait on
    END_TREE = "end tree"  # it is over, and what it left behind was being ended: go on with that
    REST = "rest"  # there was no process, and there is nothing to do but to wait for what it waited for


def fate(process: Process, found_pid: int) -> Fate:
    """`found_pid`: the pid of the recorded process, or of what its recorded spawn became; 0 where there is none."""
    if process.launching and not process.pid:
        return Fate.FIND_MAIN
    if process.ending and (process.state is not ProcessState.STOPPING or not process.pid):
        return Fate.END_TREE
    if process.waiting:
        return Fate.WAIT
    if process.pid:
        return Fate.ADOPT if found_pid else Fate.MOURN
    if process.state is ProcessState.STARTING:
        return Fate.ADOPT_SPAWNED if found_pid else Fate.SPAWN
    return Fate.REST
