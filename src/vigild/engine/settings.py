"""What every process of one daemon shares."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Settings:
    """Values from `[supervisord]` and from the daemon's own environment."""

    identifier: str = "supervisor"
    server_url: str | None = None
    strip_ansi: bool = False
    output_to_main_log: bool = False  # at log level debug and below, as Supervisor does
    base_environment: dict[str, str] = field(default_factory=dict)
    on_move: Callable[[], None] | None = None  # after each move of a process, where somebody keeps a summary
