"""A forwarder that takes what it is given, as far as it has room, and says what it is told to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from support.fakes import FakeWorker


@dataclass
class FakeStreamWorker(FakeWorker):
    """`pieces` in order: line and data. `room` of them are taken, then no more until `makes_room`."""

    pieces: list[tuple[dict[str, object], bytes]] = field(default_factory=list)
    room: int = 1 << 30
    flushes: list[float] = field(default_factory=list)
    unread_bytes: int = 0
    on_room: Callable[[], None] = lambda: None

    @property
    def is_behind(self) -> bool:
        return self.room <= 0

    def send_data(self, head: bytes, data: bytes) -> bool:
        if not self.is_running or self.room <= 0:
            return False
        self.room -= 1
        assert head.endswith(b"\n")
        self.pieces.append((json.loads(head), data))
        return True

    def flush(self, seconds: float) -> bool:
        self.flushes.append(seconds)
        return self.room > 0

    def makes_room(self, count: int = 1 << 30) -> None:
        self.room = count
        self.on_room()

    def take_pieces(self) -> list[tuple[object, object, bytes]]:
        """What it was given: stream, bytes dropped before it, data; forgotten then."""
        pieces, self.pieces = self.pieces, []
        assert all(head["bytes"] == len(data) for head, data in pieces)
        return [(head["stream"], head["dropped"], data) for head, data in pieces]
