"""What is agreed between a lane and its sender: a sender brings batches to one receiver, and says what became of each.

It is called in the lane's thread, one batch at a time, and may block as long as its own timeouts say. What it raises counts as
a failure that may pass.
"""

from typing import Protocol

from vigild.core.backlog import Batch
from vigild.core.forwarding import Outcome


class Sender(Protocol):
    """The way to one receiver. It keeps its connection from one batch to the next."""

    arrival: str  # what a delivered batch means, for people who try it out
    line_bytes: int  # what its format adds to each line of a batch

    def send(self, batch: Batch) -> Outcome:
        """Bring these lines there."""

    def close(self) -> None:
        """Let go of the connection."""
