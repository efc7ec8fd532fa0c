"""What signals order, on stand-ins for the parts that carry it out."""

import signal
from collections.abc import Callable

import pytest

from support.machine import ListLog
from vigild.core.errors import Fault, VigilError
from vigild.core.states import SupervisorState
from vigild.daemon.signal_orders import FORWARDED_BY_INIT, SignalOrders


class Pipe:
    """Signals as calls."""

    def __init__(self) -> None:
        self.handlers: dict[int, Callable[[], None]] = {}
        self.on = self.handlers.__setitem__

    def resume(self) -> None: ...


class Parts:
    """The engine, the annals and the logs, as far as signals know them."""

    def __init__(self) -> None:
        self.mood = SupervisorState.RUNNING
        self.done: list[object] = []
        self.refusal: VigilError | None = None

    def note(self, what: str, text: str) -> None:
        self.done.append((what, text))

    def signal_essential(self, signum: int) -> None:
        self.done.append(signum)

    def reap(self) -> None:
        self.done.append("reap")

    def reopen_all(self) -> None:
        self.done.append("reopen child logs")

    def restart(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.done.append("restart")


class Log(ListLog):
    """The main log."""

    reopened = False

    def reopen(self) -> None:
        self.reopened = True


def hear(parts: Parts, log: Log) -> Pipe:
    pipe = Pipe()
    orders = SignalOrders(parts, log, parts, parts, stop=parts.done.append, restart=parts.restart)
    orders.hear(pipe, parts)
    return pipe


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_signals_that_end_the_daemon(signum: signal.Signals) -> None:
    parts, log = Parts(), Log()
    hear(parts, log).handlers[signum]()
    assert parts.done == [("signal", f"received {signum.name}"), SupervisorState.SHUTDOWN]
    assert f"received {signum.name} indicating exit request" in "".join(map(str, log.lines))


def test_hangup_restarts() -> None:
    parts = Parts()
    hear(parts, Log()).handlers[signal.SIGHUP]()
    assert parts.done == [("signal", "received SIGHUP"), "restart"]


def test_hangup_with_a_broken_configuration_changes_nothing() -> None:
    parts, log = Parts(), Log()
    parts.refusal = VigilError(Fault.CANT_REREAD, "line 3")
    hear(parts, log).handlers[signal.SIGHUP]()
    assert parts.done == [("signal", "received SIGHUP")]
    assert "going on as before, because a restart would fail" in "".join(map(str, log.lines))


def test_hangup_while_it_ends_is_ignored() -> None:
    parts = Parts()
    parts.mood = SupervisorState.SHUTDOWN
    hear(parts, Log()).handlers[signal.SIGHUP]()
    assert parts.done == []


def test_logs_are_opened_anew() -> None:
    parts, log = Parts(), Log()
    hear(parts, log).handlers[signal.SIGUSR2]()
    assert (parts.done, log.reopened) == (["reopen child logs"], True)


def test_the_init_of_a_container_hands_on_what_means_nothing_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {getattr(signal, name) for name in FORWARDED_BY_INIT}
    assert not names & hear(Parts(), Log()).handlers.keys()
    monkeypatch.setattr("os.getpid", lambda: 1)
    parts = Parts()
    handlers = hear(parts, Log()).handlers
    assert names <= handlers.keys()
    handlers[signal.SIGUSR1]()
    assert parts.done == [signal.SIGUSR1]
