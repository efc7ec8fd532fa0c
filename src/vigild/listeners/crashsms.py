"""crashsms: crashmailbatch in fewer letters, for the mail address of a telephone."""

import sys
from collections.abc import Sequence

from vigild.listeners import batch
from vigild.listeners.crashmail import is_crash
from vigild.listeners.options import Tool
from vigild.listeners.protocol import Event
from vigild.listeners.units import asctime

TOOL = Tool(
    name="crashsms",
    summary="Gathers unexpected exits, and mails them together in few letters, without a subject unless one is given.",
    positional="",
    options=batch.OPTIONS,
    example="[eventlistener:crashsms]\ncommand=crashsms -t 5550100@sms.example.com -f me@example.com -e TICK_5\n"
    "events=PROCESS_STATE_EXITED,TICK_5",
    events="PROCESS_STATE_EXITED,TICK_5",
    usage_status=2,
)


def line_of(event: Event, wall_seconds: float) -> str | None:
    """The line for a crash."""
    if not is_crash(event):
        return None
    pid = event.facts.get("pid", "")
    return f"[{event.group}:{event.process}]({pid}) exited unexpectedly {asctime(wall_seconds)}"


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    return batch.run(TOOL, None, line_of, argv)


if __name__ == "__main__":
    sys.exit(main())
