"""The process machine, a few inputs at a time, and processes in common states."""

from vigild.core.process import (
    Alarm,
    AlarmRang,
    Effect,
    Entered,
    Input,
    Policy,
    Process,
    Spawned,
    Start,
    Stop,
    step,
)
from vigild.core.states import ProcessState

S = ProcessState
POLICY = Policy()


def run(
    process: Process, *inputs: Input, now: float = 100.0, policy: Policy = POLICY
) -> tuple[Process, list[Effect]]:
    """Feed several inputs at one time; effects of the last."""
    effects: list[Effect] = []
    for input_ in inputs:
        process, effects = step(process, input_, now, policy)
    return process, effects


def moves(effects: list[Effect]) -> list[tuple[S, S]]:
    return [(effect.old, effect.new) for effect in effects if isinstance(effect, Entered)]


STARTING = run(Process(), Start(), Spawned(7))[0]
RUNNING = run(STARTING, AlarmRang(Alarm.STARTED), now=101.0)[0]
STOPPING = run(RUNNING, Stop())[0]
