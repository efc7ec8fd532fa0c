"""What the history is told of a process: its moves with their cause, and how each run of it ended.

Called for each step of a machine, before its effects are carried out: the logs still end where the dead process
left them. Only their length is taken here; what stands in them is read later, and not by the loop.
"""

import os
from typing import TYPE_CHECKING

from vigild.core.effects import Effect, Entered, FlappingBegan, FlappingCleared
from vigild.core.history import Details, Fact, Kind, OutputEnd, caller, cause_of, is_by_order
from vigild.core.orders import Exited, Input, SpawnFailed
from vigild.core.process import Process
from vigild.core.states import ProcessState
from vigild.engine.ports import History
from vigild.engine.words import signal_name

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess

UNSEEN_END = (
    "nobody saw how: it was no child of this daemon when it ended, and this kernel does not tell "
    "(Linux 6.15 and later do)"
)


def note_step(
    history: History,
    process: "ManagedProcess",
    before: Process,
    input_: Input,
    times: tuple[float, float],
    effects: list[Effect],
) -> None:
    """Tell `history` what a step came to. `times`: the monotonic time of the step, and the wall's."""
    now, wall = times
    name = process.namespec
    if isinstance(input_, Exited):
        if not (process.process.launching and process.process.pid == 0):  # else a launcher did its work
            details, outputs = _end(process, before, now, effects)
            history.note(Fact(wall, Kind.EXIT, name, details, outputs))
    elif isinstance(input_, SpawnFailed):
        history.note(Fact(wall, Kind.SPAWN_FAILED, name, {"text": input_.text, "tries": before.tries + 1}))
    for effect in effects:
        if isinstance(effect, Entered):
            history.note(Fact(wall, Kind.STATE, name, _move(effect, input_)))
        elif isinstance(effect, FlappingBegan):
            often = f"{effect.restarts} restarts within {effect.window_seconds:.0f} seconds"
            then = process.policy.pace.on_flapping.value
            history.note(Fact(wall, Kind.FLAPPING, name, {"what": "began", "text": often, "then": then}))
        elif isinstance(effect, FlappingCleared):
            history.note(Fact(wall, Kind.FLAPPING, name, {"what": "cleared", "text": effect.why.value}))


def _move(move: Entered, input_: Input) -> Details:
    details: Details = {"old": move.old.name, "new": move.new.name, "cause": cause_of(input_, move.new)}
    if move.pid:
        details["pid"] = move.pid
    if move.tries:
        details["tries"] = move.tries
    if is_by_order(input_):
        by = caller.get()
        if by:
            details["by"] = by
    return details


def _end(
    process: "ManagedProcess", before: Process, now: float, effects: list[Effect]
) -> tuple[Details, tuple[OutputEnd, ...]]:
    expected = not any(
        isinstance(effect, Entered)
        and effect.old is before.state
        and (not effect.expected or effect.new is ProcessState.BACKOFF)
        for effect in effects
    )
    details: Details = {
        "pid": before.pid,
        "state": before.state.name,
        "ran": round(max(0.0, now - before.started_at), 3),
        "expected": expected,
    }
    status = process.wait_status
    if status is None:
        details["unseen"] = UNSEEN_END
    elif os.WIFEXITED(status):
        details["status"] = os.WEXITSTATUS(status)
    else:
        details["signal"] = signal_name(os.WTERMSIG(status))
        details["core"] = os.WCOREDUMP(status)
    if expected:
        return details, ()
    return details, _log_ends(process)


def _log_ends(process: "ManagedProcess") -> tuple[OutputEnd, ...]:
    ends = []
    for channel, path in (("stdout", process.stdout_logfile), ("stderr", process.stderr_logfile)):
        if path is None or path.startswith(("/dev/", "/proc/")):
            continue
        try:
            facts = os.stat(path)
        except OSError:
            continue
        ends.append(OutputEnd(channel, path, facts.st_dev, facts.st_ino, facts.st_size))
    return tuple(ends)
