"""TICK events. A timer runs only for periods that somebody subscribes to: an idle daemon never wakes."""

from vigild.core.events import TICK_PERIODS_SECONDS, tick_event
from vigild.engine.bus import EventBus
from vigild.engine.ports import Clock, Timer


class Ticks:
    """Emits TICK_n whenever wall-clock time passes a multiple of n seconds."""

    def __init__(self, clock: Clock, bus: EventBus) -> None:
        self._clock = clock
        self._bus = bus
        self._timers: dict[str, Timer] = {}
        self._last: dict[str, int] = {}

    def refresh(self) -> None:
        """Subscriptions changed: arm what is wanted, disarm what is not."""
        for event_type, period in TICK_PERIODS_SECONDS.items():
            if self._bus.wants(event_type) and event_type not in self._timers:
                self._last[event_type] = self._slice(period)
                self._arm(event_type, period)
            elif not self._bus.wants(event_type) and event_type in self._timers:
                self._timers.pop(event_type).cancel()

    def stop(self) -> None:
        """No more ticks."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _slice(self, period_seconds: int) -> int:
        return int(self._clock.wall() // period_seconds * period_seconds)

    def _arm(self, event_type: str, period_seconds: int) -> None:
        wait_seconds = period_seconds - self._clock.wall() % period_seconds
        when = self._clock.monotonic() + wait_seconds
        self._timers[event_type] = self._clock.call_at(when, lambda: self._ring(event_type, period_seconds))

    def _ring(self, event_type: str, period_seconds: int) -> None:
        tick = self._slice(period_seconds)
        if tick != self._last[event_type]:  # a timer may ring a little early by the wall clock
            self._last[event_type] = tick
            self._bus.emit(tick_event(event_type, tick))
        self._arm(event_type, period_seconds)
