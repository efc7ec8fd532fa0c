"""`python -m vigild.alerts`: started by the daemon, and by nobody else."""

import os
import sys

from vigild.alerts.loop import run
from vigild.alerts.sending import Message, Outcome, Receiver


def send(receiver: Receiver, message: Message, timeout_seconds: float) -> Outcome:
    """The sender of the receiver's kind; loaded when there is something to send."""
    from vigild.alerts.senders import dispatch

    return dispatch.send(receiver, message, timeout_seconds)


if __name__ == "__main__":
    status = run(send)
    sys.stderr.flush()
    os._exit(status)  # a receiver that hangs must not hold it up
