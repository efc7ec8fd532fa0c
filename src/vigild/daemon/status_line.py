"""One line on how all programs are, for `systemctl status`: told when it has changed, once a second at most."""

from collections import Counter

from vigild.core.states import ProcessState
from vigild.engine.engine import Engine
from vigild.engine.ports import Clock, Timer
from vigild.host.service_manager import NoServiceManager

REFRESH_SECONDS = 1.0


class StatusLine:
    """Counts processes by state. Costs nothing while nothing moves."""

    def __init__(self, clock: Clock, engine: Engine, service: NoServiceManager) -> None:
        self._clock = clock
        self._engine = engine
        self._service = service
        self._timer: Timer | None = None
        self._told = ""

    def text(self) -> str:
        """The line as of now: what runs first, what needs somebody to look at it last."""
        counts = Counter(process.state for process in self._engine.all_processes())
        parts = [f"{counts[state]} {state.name.lower()}" for state in _ORDER if counts[state]]
        self._told = "programs: " + (", ".join(parts) or "none")
        return self._told

    def refresh_soon(self) -> None:
        """A process has moved."""
        if self._timer is None:
            self._timer = self._clock.call_at(self._clock.monotonic() + REFRESH_SECONDS, self._refresh)

    def close(self) -> None:
        """Tell no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refresh(self) -> None:
        self._timer = None
        told = self._told
        if self.text() != told:
            self._service.status(self._told)


_ORDER = (
    ProcessState.RUNNING,
    ProcessState.STARTING,
    ProcessState.STOPPING,
    ProcessState.STOPPED,
    ProcessState.EXITED,
    ProcessState.BACKOFF,
    ProcessState.FATAL,
    ProcessState.UNKNOWN,
)
