"""The process that the deliverer runs in: clock, time zones, logs of programs, threads that send, pipes to the daemon."""

import json
import os
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from vigild.alerts.deliverer import Ticket
from vigild.alerts.sending import Message, Origin, Outcome, Receiver, Sender
from vigild.alerts.settings import AlertSettings
from vigild.core.digest import Digest
from vigild.core.edges import Edge
from vigild.core.quiet import OffsetAt
from vigild.host.store.last_lines import last_lines


@dataclass(slots=True)
class Process:
    """The real `Machine`. `wake` is called from other threads when there is something in `arrivals`."""

    stdout: int
    wake: Callable[[], None]
    sender: Sender
    arrivals: deque[tuple[Ticket, Outcome]]
    is_alone: bool = False  # the daemon is gone

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def chance(self) -> float:
        """A number from 0 to 1."""
        return random.random()

    def new_identity(self) -> str:
        """128 bits that nobody has had."""
        return os.urandom(16).hex()

    def offset_at(self, zone: str) -> OffsetAt | None:
        """Local time of a zone ("": of the machine); None where it is not known."""
        if not zone:
            return _own_offset
        from datetime import datetime
        from zoneinfo import ZoneInfo

        try:
            known = ZoneInfo(zone)
        except (LookupError, ValueError, OSError):
            return None

        def offset(wall: float) -> float:
            found = datetime.fromtimestamp(wall, known).utcoffset()
            return found.total_seconds() if found is not None else 0.0

        return offset

    def last_lines(self, edge: Edge) -> dict[str, tuple[str, ...]]:
        """Of output, by channel; nothing where the log is gone."""
        found = {end.channel: tuple(last_lines(end, end.begin)) for end in edge.outputs}
        return {channel: lines for channel, lines in found.items() if lines}

    def tell(self, message: Mapping[str, Any]) -> None:
        """Tell the daemon. One that is gone need not hear it: what became of a message is noted all the same."""
        data = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            while data and not self.is_alone:
                data = data[os.write(self.stdout, data) :]
        except BrokenPipeError:
            self.is_alone = True

    def compose(self, digest: Digest, origin: Origin, settings: AlertSettings) -> Message:
        """A digest in words."""
        from vigild.alerts.wording import message_of  # late: most deliverers live long before they speak

        return message_of(digest, origin, language=settings.language, template=settings.template)

    def send(self, ticket: Ticket, receiver: Receiver, message: Message, timeout_seconds: float) -> None:
        """In a thread of its own, which ends with it. A receiver that hangs holds up nobody else."""

        def run() -> None:
            try:
                outcome = self.sender(receiver, message, timeout_seconds)
            except Exception as error:  # words of it may hold what is secret
                outcome = Outcome(False, False, f"the sender failed ({type(error).__name__})")
            self.arrivals.append((ticket, outcome))
            self.wake()

        try:
            threading.Thread(target=run, name=f"{ticket[0]}-{ticket[1]}", daemon=True).start()
        except RuntimeError as error:  # no more threads
            self.arrivals.append((ticket, Outcome(False, False, str(error))))
            self.wake()


def _own_offset(wall: float) -> float:
    return float(time.localtime(wall).tm_gmtoff)
