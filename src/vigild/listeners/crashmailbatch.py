"""crashmailbatch: one mail for all processes that exited unexpectedly within a while."""

import sys
from collections.abc import Sequence

from vigild.listeners import batch
from vigild.listeners.crashmail import is_crash
from vigild.listeners.options import Tool
from vigild.listeners.protocol import Event
from vigild.listeners.units import asctime

SUBJECT = "Crash alert from supervisord"

TOOL = Tool(
    name="crashmailbatch",
    summary="Gathers unexpected exits, and mails them together.",
    positional="",
    options=batch.OPTIONS,
    example="[eventlistener:crashmailbatch]\ncommand=crashmailbatch --toEmail=ops@example.com --fromEmail=me@example.com\n"
    "events=PROCESS_STATE_EXITED,TICK_60",
    events="PROCESS_STATE_EXITED,TICK_60",
    usage_status=2,
)


def line_of(event: Event, wall_seconds: float) -> str | None:
    """The line for a crash."""
    if not is_crash(event):
        return None
    pid = event.facts.get("pid", "")
    return f"{asctime(wall_seconds)} -- Process {event.group}:{event.process} (pid {pid}) died unexpectedly"


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return batch.run(TOOL, SUBJECT, line_of, argv)


if __name__ == "__main__":
    sys.exit(main())
