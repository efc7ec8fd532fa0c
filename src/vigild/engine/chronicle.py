"""What the history is told of a process: its moves with their cause, and how each run of it ended.

Called for each step of a machine, before its effects are carried out: the logs still end where the dead process
left them. Only their length is taken here, and what stands in them is read later. The facts themselves are made later
too, by the history's thread and from plain values, because a process that is respawned has no time for them.
"""

import os
from typing import TYPE_CHECKING

from vigild.core.access import current_caller
from vigild.core.effects import Effect, Entered, FlappingBegan, FlappingCleared
from vigild.core.frozen import plain
from vigild.core.history import Details, Fact, Kind, OutputEnd, cause_of, is_by_order
from vigild.core.orders import Exited, Input, SpawnFailed
from vigild.core.process import Policy, Process
from vigild.core.states import ProcessState
from vigild.engine.ports import History
from vigild.engine.words import signal_name

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess

UNSEEN_END = (
    "nobody saw how: it was no child of this daemon when it ended, and this kernel does not tell "
    "(Linux 6.15 and later do)"
)


@plain
class _Step:
    """One step of a machine, as plain values. Never changed once it is made."""

    name: str
    before: Process
    after: Process
    policy: Policy
    input: Input
    effects: list[Effect]
    now: float
    wall: float
    by: str
    wait_status: int | None
    outputs: tuple[OutputEnd, ...]

    def facts(self) -> list[Fact]:
        """What it came to, in order."""
        found: list[Fact] = []
        if isinstance(self.input, Exited):
            if not (self.after.launching and self.after.pid == 0):  # else a launcher did its work
                found.append(Fact(self.wall, Kind.EXIT, self.name, self._end(), self.outputs))
        elif isinstance(self.input, SpawnFailed):
            text: Details = {"text": self.input.text, "tries": self.before.tries + 1}
            found.append(Fact(self.wall, Kind.SPAWN_FAILED, self.name, text))
        for effect in self.effects:
            if isinstance(effect, Entered):
                found.append(Fact(self.wall, Kind.STATE, self.name, self._move(effect)))
            elif isinstance(effect, FlappingBegan):
                often = f"{effect.restarts} restarts within {effect.window_seconds:.0f} seconds"
                began: Details = {
                    "what": "began",
                    "text": often,
                    "then": self.policy.pace.on_flapping.value,
                }
                found.append(Fact(self.wall, Kind.FLAPPING, self.name, began))
            elif isinstance(effect, FlappingCleared):
                cleared: Details = {"what": "cleared", "text": effect.why.value}
                found.append(Fact(self.wall, Kind.FLAPPING, self.name, cleared))
        return found

    def _move(self, move: Entered) -> Details:
        cause = cause_of(self.input, move.new)
        details: Details = {"old": move.old.name, "new": move.new.name, "cause": cause}
        if move.pid:
            details["pid"] = move.pid
        if move.tries:
            details["tries"] = move.tries
        if self.by and is_by_order(self.input):
            details["by"] = self.by
        return details

    def _end(self) -> Details:
        before, status = self.before, self.wait_status
        expected = not any(
            isinstance(effect, Entered)
            and effect.old is before.state
            and (not effect.expected or effect.new is ProcessState.BACKOFF)
            for effect in self.effects
        )
        details: Details = {
            "pid": before.pid,
            "state": before.state.name,
            "ran": round(max(0.0, self.now - before.started_at), 3),
            "expected": expected,
        }
        if before.condemned:
            details["reason"] = before.condemned
        if status is None:
            details["unseen"] = UNSEEN_END
        elif os.WIFEXITED(status):
            details["status"] = os.WEXITSTATUS(status)
        else:
            details["signal"] = signal_name(os.WTERMSIG(status))
            details["core"] = os.WCOREDUMP(status)
        return details


def note_step(
    history: History,
    process: "ManagedProcess",
    before: Process,
    input_: Input,
    times: tuple[float, float],
    effects: list[Effect],
) -> None:
    """Tell `history` what a step came to. `times`: the monotonic time of the step, and the wall's."""
    has_ended = isinstance(input_, Exited)
    step = _Step(
        process.namespec,
        before,
        process.process,
        process.policy,
        input_,
        effects,
        times[0],
        times[1],
        current_caller.get().words,
        process.wait_status if has_ended else None,
        log_ends(process) if has_ended else (),
    )
    history.note_all(step.facts)


def log_ends(process: "ManagedProcess") -> tuple[OutputEnd, ...]:
    """How far its logs are written now."""
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
