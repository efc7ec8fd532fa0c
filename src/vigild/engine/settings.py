"""What every process of one daemon shares."""

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from vigild.core.frozen import plain

if TYPE_CHECKING:
    from vigild.core.effects import Entered
    from vigild.engine.alarms import Alarms
    from vigild.engine.forwards import Forwards
    from vigild.engine.managed import ManagedProcess


class Observer(Protocol):
    """Somebody who watches all of it. Told at once, and may not do anything but take note."""

    def moved(self, process: "ManagedProcess", move: "Entered") -> None: ...
    def changed(self, process: "ManagedProcess") -> None:
        """What is known of it beside its state: health, what it says of itself."""

    def regrouped(self, group: str, change: str) -> None:
        """A group was `added` or `removed`."""

    def reread(self, added: list[str], changed: list[str], removed: list[str]) -> None:
        """The files were read again: what they would change of the groups."""

    def stirred(self, kind: str) -> None:
        """Something about an `alert`, a `monitor` or a `forward` may be otherwise now."""

    def noted(self, kind: str) -> None:
        """The history has a fact of a kind that nothing else here tells of: an order, or a login."""

    def mood_changed(self) -> None:
        """The daemon as a whole begins to end, or to restart."""


@plain
class Settings:
    """Values from `[supervisord]` and from the daemon's own environment."""

    identifier: str = "supervisor"
    server_url: str | None = None
    strip_ansi: bool = False
    output_to_main_log: bool = False  # at log level debug and below, as Supervisor does
    base_environment: dict[str, str] = field(default_factory=dict)
    alarms: "Alarms | None" = None  # where people are to be told of troubles
    forwards: "Forwards | None" = None  # where output goes besides its logs
    observer: Observer | None = None  # while somebody watches
    on_move: Callable[[], None] | None = None  # after each move of a process, where somebody keeps a summary

    def stir(self, kind: str) -> None:
        """See `Observer.stirred`. Costs nothing while nobody watches."""
        if self.observer is not None:
            self.observer.stirred(kind)
