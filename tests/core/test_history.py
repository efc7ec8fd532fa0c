"""Why a process moved, in a word."""

import pytest

from vigild.core.effects import Alarm
from vigild.core.history import cause_of, is_by_order
from vigild.core.orders import (
    AlarmRang,
    Exited,
    Input,
    Restart,
    SendSignal,
    ShutDown,
    SignalFailed,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
)
from vigild.core.states import ProcessState as S


@pytest.mark.parametrize(
    ("told", "new", "cause"),
    [
        (Start(), S.STARTING, "start"),
        (Stop(), S.STOPPING, "stop"),
        (ShutDown(), S.STOPPING, "shutdown"),
        (ShutDown(), S.FATAL, "shutdown"),
        (Restart(), S.STOPPING, "dependency"),
        (Exited(1), S.EXITED, "exit"),
        (Exited(1), S.STARTING, "restart"),
        (Exited(1), S.FATAL, "gave_up"),
        (SpawnFailed("no"), S.BACKOFF, "spawn_failed"),
        (SpawnFailed("no"), S.FATAL, "gave_up"),
        (AlarmRang(Alarm.RETRY), S.STARTING, "retry"),
        (AlarmRang(Alarm.STARTED), S.RUNNING, "stayed_up"),
        (SignalFailed(), S.UNKNOWN, "signal_failed"),
        (Spawned(7), S.RUNNING, "stayed_up"),
        (Spawned(7), S.STOPPING, "stop"),
    ],
)
def test_each_move_has_a_cause(told: Input, new: S, cause: str) -> None:
    assert cause == cause_of(told, new)


def test_only_orders_have_somebody_who_gave_them() -> None:
    assert all(is_by_order(told) for told in (Start(), Stop(), ShutDown()))
    assert not any(is_by_order(told) for told in (Exited(0), SendSignal(1), AlarmRang(Alarm.RETRY)))
