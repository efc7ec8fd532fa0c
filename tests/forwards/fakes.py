"""A receiver that does what a test says, and keeps what it got."""

import threading
from collections import deque
from dataclasses import dataclass, field

from support.until import DEADLINE_SECONDS
from vigild.core.backlog import Batch
from vigild.core.forwarding import DELIVERED, Outcome
from vigild.core.output_lines import raw_records
from vigild.forwards.settings import ForwardSettings
from vigild.wire.forward_urls import parse_target


@dataclass
class FakeSender:
    """Answers with `outcomes`, then with success. While `gate` is closed it hangs."""

    outcomes: deque[Outcome | Exception] = field(default_factory=deque)
    batches: list[list[str]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    tries: int = 0
    closed: int = 0
    arrival: str = "it was taken"
    line_bytes: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def send(self, batch: Batch) -> Outcome:
        self.tries += 1
        assert self.gate.wait(DEADLINE_SECONDS)
        outcome = self.outcomes.popleft() if self.outcomes else DELIVERED
        if isinstance(outcome, Exception):
            raise outcome
        lines = [
            line.decode("utf-8", "replace")
            for block in batch.blocks
            for _, _, line in raw_records(block, False)
        ]
        self.batches.append(lines)
        return outcome

    def close(self) -> None:
        self.closed += 1

    @property
    def lines(self) -> list[str]:
        return [line for batch in self.batches for line in batch]


def settings(name: str = "f", url: str = "journald:", **values: float) -> ForwardSettings:
    return ForwardSettings(
        name,
        "node",
        parse_target(url) if url else None,
        "" if url else "no address",
        batch_seconds=values.get("batch_seconds", 0.0),
        batch_max_bytes=int(values.get("batch_max_bytes", 1 << 20)),
        buffer_max_bytes=int(values.get("buffer_max_bytes", 8 << 20)),
    )
