"""What every process of one daemon shares."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigild.engine.alarms import Alarms


@dataclass(slots=True)
class Settings:
    """Values from `[supervisord]` and from the daemon's own environment."""

    identifier: str = "supervisor"
    server_url: str | None = None
    strip_ansi: bool = False
    output_to_main_log: bool = False  # at log level debug and below, as Supervisor does
    base_environment: dict[str, str] = field(default_factory=dict)
    alarms: "Alarms | None" = None  # where people are to be told of troubles
    on_move: Callable[[], None] | None = None  # after each move of a process, where somebody keeps a summary
