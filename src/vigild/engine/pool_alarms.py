"""What people are told of pools of event listeners: nobody takes the events that wait, or events were dropped.

A pool is *stuck* when events wait in it, one of its listeners runs, and none was given an event for `STUCK_SECONDS`: it
neither answers nor says that it is ready. Listeners that are down are told of as programs. A pool has overflowed from
the first event that is dropped until its buffer is empty again: one edge, however many were dropped.
"""

from typing import TYPE_CHECKING

from vigild.core.edges import EdgeKind, Severity
from vigild.core.history import Details
from vigild.core.states import ProcessState
from vigild.engine.troubles import LISTENER, Troubles
from vigild.engine.words import duration_words

if TYPE_CHECKING:
    from vigild.engine.listeners import PoolRunner
    from vigild.engine.ports import Clock, Timer

STUCK_SECONDS = 300.0  # the slowest honest listeners wait for a mail server for a minute or two
STUCK, OVERFLOW = "stuck", "overflow"


class PoolAlarms:
    """Of all pools. A pool has a timer only while events wait in it."""

    def __init__(self, clock: "Clock", troubles: Troubles) -> None:
        self._clock = clock
        self._troubles = troubles
        self._timers: dict[str, Timer] = {}
        self._sent_at: dict[str, float] = {}  # when an event was given to a listener last, or began to wait

    def dispatched(self, runner: "PoolRunner", *, sent: bool) -> None:
        """Events were accepted or given to listeners; `sent`: some were given."""
        name = runner.config.name
        if not runner.pool.buffer:
            self._drained(runner)
        elif sent or name not in self._timers:
            self._sent_at[name] = self._clock.monotonic()
            if sent:
                text = f"event listener {name} takes events again"
                self._troubles.end(LISTENER, name, (STUCK,), text)
            if name not in self._timers:
                self._watch(runner, self._sent_at[name] + STUCK_SECONDS)

    def overflowed(self, runner: "PoolRunner", event_type: str) -> None:
        """An event was dropped, because the buffer was full."""
        name, pool = runner.config.name, runner.pool
        if self._troubles.since(LISTENER, name, OVERFLOW):
            return
        details: Details = {"dropped": pool.dropped, "waiting": len(pool.buffer), "event": event_type}
        self._troubles.begin(
            EdgeKind.OVERFLOW,
            Severity.WARNING,
            LISTENER,
            name,
            OVERFLOW,
            f"event listener {name} lost events: its buffer of {pool.buffer_size} is full, and the oldest are dropped",
            details,
        )

    def closed(self, runner: "PoolRunner") -> None:
        """It leaves the configuration."""
        self._forget(runner.config.name)
        self._troubles.end_all(
            LISTENER, runner.config.name, f"event listener {runner.config.name} was removed"
        )

    def close(self) -> None:
        """Nothing is watched any more."""
        for name in list(self._timers):
            self._forget(name)

    def _drained(self, runner: "PoolRunner") -> None:
        name = runner.config.name
        if name in self._timers:
            self._forget(name)
        if self._troubles.has_any(LISTENER, name):
            self._troubles.end(LISTENER, name, (STUCK,), f"event listener {name} takes events again")
            lost = f"event listener {name} has caught up; it lost {runner.pool.dropped} events in all"
            self._troubles.end(LISTENER, name, (OVERFLOW,), lost)

    def _watch(self, runner: "PoolRunner", when: float) -> None:
        self._timers[runner.config.name] = self._clock.call_at(when, lambda: self._look(runner))

    def _look(self, runner: "PoolRunner") -> None:
        name, now = runner.config.name, self._clock.monotonic()
        due = self._sent_at[name] + STUCK_SECONDS
        if now >= due:
            self._stuck(runner, now - self._sent_at[name])
            due = now + STUCK_SECONDS
        self._watch(runner, due)

    def _stuck(self, runner: "PoolRunner", seconds: float) -> None:
        name, waiting = runner.config.name, len(runner.pool.buffer)
        running = {
            process.namespec: state.name
            for process, state in runner.states().items()
            if process.state is ProcessState.RUNNING
        }
        if not running:
            return
        states = ", ".join(f"{listener} is {state}" for listener, state in sorted(running.items())[:5])
        details: Details = {"waiting": waiting, "seconds": round(seconds), "listeners": sorted(running)}
        self._troubles.begin(
            EdgeKind.LISTENER,
            Severity.CRITICAL,
            LISTENER,
            name,
            STUCK,
            f"event listener {name} has taken no event for {duration_words(seconds)}, and {waiting} wait: {states}",
            details,
        )

    def _forget(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()
        self._sent_at.pop(name, None)
