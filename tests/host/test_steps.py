"""Steps of a forked child, and how the parent hears which of them failed."""

import errno
import os
import signal

import pytest

from vigild.engine.ports import SpawnFailure
from vigild.host.steps import Step, Steps


def failing(error: BaseException) -> Step:
    def act() -> None:
        raise error

    return Step("limit", lambda: "set limit_x to 5", act, lambda number: "because" if number == 1 else "")


def test_steps_are_taken_in_order() -> None:
    taken: list[str] = []
    steps = Steps([Step("a", str, lambda: taken.append("a")), Step("b", str, lambda: taken.append("b"))])
    steps.run()
    steps.close()
    assert taken == ["a", "b"]


@pytest.mark.parametrize(
    ("error", "number", "text"),
    [
        (OSError(errno.EPERM, "x"), errno.EPERM, "couldn't set limit_x to 5: EPERM (because)"),
        (OSError(errno.EIO, "x"), errno.EIO, f"couldn't set limit_x to 5: EIO ({os.strerror(errno.EIO)})"),
        (OSError("x"), 0, "couldn't set limit_x to 5: 0 (Success)"),
        (MemoryError(), errno.ENOMEM, f"couldn't set limit_x to 5: ENOMEM ({os.strerror(errno.ENOMEM)})"),
    ],
)
def test_the_step_that_failed_is_named_and_the_later_ones_are_not_taken(
    error: BaseException, number: int, text: str
) -> None:
    taken: list[str] = []
    steps = Steps([Step("a", str, str), failing(error), Step("c", str, lambda: taken.append("c"))])
    with pytest.raises(type(error)):
        steps.run()
    assert steps.failure() == SpawnFailure("limit", number, text)
    assert taken == []
    steps.close()


def test_a_defect_in_a_step_reports_nothing_and_is_a_failure_all_the_same() -> None:
    steps = Steps([failing(ValueError("defect"))])
    with pytest.raises(ValueError, match="defect"):
        steps.run()
    assert steps.failure().stage == "fork"
    steps.close()


def test_the_pipe_does_not_outlive_an_exec() -> None:
    steps = Steps([])
    assert [os.get_inheritable(fd) for fd in (steps._read_fd, steps._write_fd)] == [False, False]
    steps.close()


def test_a_signal_to_the_child_is_not_written_into_the_daemons_pipe() -> None:
    read_fd, write_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    handler = signal.signal(signal.SIGUSR1, lambda signum, frame: None)
    previous = signal.set_wakeup_fd(write_fd)
    steps = Steps([Step("a", str, lambda: signal.raise_signal(signal.SIGUSR1))])
    try:
        steps.run()
        with pytest.raises(BlockingIOError):
            os.read(read_fd, 1)
    finally:
        signal.set_wakeup_fd(previous)
        signal.signal(signal.SIGUSR1, handler)
        steps.close()
        os.close(read_fd)
        os.close(write_fd)
