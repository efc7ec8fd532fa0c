"""fatalmailbatch: one mail for all processes that were given up (FATAL) within a while."""

import sys
from collections.abc import Sequence

from vigild.listeners import batch
from vigild.listeners.options import Tool
from vigild.listeners.protocol import Event
from vigild.listeners.units import asctime

SUBJECT = "Fatal start alert from supervisord"

TOOL = Tool(
    name="fatalmailbatch",
    summary="Gathers processes that could not be started (FATAL), and mails them together.",
    positional="",
    options=batch.OPTIONS,
    example="[eventlistener:fatalmailbatch]\ncommand=fatalmailbatch --toEmail=ops@example.com --fromEmail=me@example.com\n"
    "events=PROCESS_STATE_FATAL,TICK_60",
    events="PROCESS_STATE_FATAL,TICK_60",
    usage_status=2,
)


def line_of(event: Event, wall_seconds: float) -> str | None:
    """The line for a process that was given up."""
    if event.name != "PROCESS_STATE_FATAL":
        return None
    return f"{asctime(wall_seconds)} -- Process {event.group}:{event.process} failed to start too many times"


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return batch.run(TOOL, SUBJECT, line_of, argv)


if __name__ == "__main__":
    sys.exit(main())
