"""Server-sent events to many clients: each is made and encoded once, kept for a while, and sent to all.

A client is a place in the ring and no queue of its own. Whoever is so slow that the ring has turned past its place is sent
away, and counted; when it comes back it is told to begin anew (`reset`).
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator

from vigild.control.live import LINGER_SECONDS, Happening, Live
from vigild.fronts.api.following import HEARTBEAT, event
from vigild.fronts.api.problems import ProblemError

MAX_CLIENTS = 100
MAX_EVENTS = 8192
MAX_BYTES = 4 * 1024 * 1024
PIECE_BYTES = 256 * 1024
HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 1000


class Feed:
    """The ring and its clients. Kept while somebody watches, and a minute longer."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._boot = os.urandom(4).hex()
        self._ring: deque[bytes] = deque()
        self._bytes = 0
        self._next = 1  # the number of the next event
        self._samples = b""  # the last of them
        self._samples_number = 0
        self._clients: set[Client] = set()
        self._news: asyncio.Future[None] | None = None
        self._lingering: asyncio.TimerHandle | None = None
        self._is_watching = False

    def join(self, last_id: str, *, samples: bool) -> "Client":
        """A client that has seen everything up to `last_id`; "" for one that has seen nothing."""
        if len(self._clients) >= MAX_CLIENTS:
            raise ProblemError("too_many", f"{MAX_CLIENTS} clients are reading events already")
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        if not self._is_watching:
            self._is_watching = True
            self._live.begin(self._hear)
        client = Client(self, *self._place(last_id), samples=samples)
        self._clients.add(client)
        self._live.watchers = len(self._clients)
        self._want_samples()
        return client

    def leave(self, client: "Client") -> None:
        """It has gone."""
        if client not in self._clients:
            return
        self._clients.discard(client)
        self._live.watchers = len(self._clients)
        self._want_samples()
        if not self._clients:
            self._lingering = asyncio.get_running_loop().call_later(LINGER_SECONDS, self._close)

    def _want_samples(self) -> None:
        self._live.sample(wanted=any(client.wants_samples for client in self._clients))

    def _close(self) -> None:
        self._lingering = None
        self._is_watching = False
        self._live.end()
        self._ring.clear()
        self._bytes = 0
        self._samples = b""
        self._boot = os.urandom(4).hex()  # what happens from now on is not in the ring

    def _place(self, last_id: str) -> tuple[int, bytes]:
        """The number of the next event for a client, and what it is told first."""
        boot, _, number = last_id.rpartition("-")
        known = {"boot": self._boot}
        here = f"{self._boot}-{self._next - 1}"
        if not last_id:
            return self._next, event("hello", known, here)
        if boot != self._boot or not (number.isascii() and number.isdecimal() and len(number) < 20):
            return self._next, event("reset", {**known, "reason": "unknown"}, here)
        following = int(number) + 1
        if not self._next - len(self._ring) <= following <= self._next:
            return self._next, event("reset", {**known, "reason": "too_old"}, here)
        return following, b""

    def _hear(self, happened: list[Happening]) -> None:
        for kind, facts in happened:
            if kind == "samples":
                self._samples = event(kind, facts)
                self._samples_number += 1
                continue
            encoded = event(kind, facts, f"{self._boot}-{self._next}")
            self._ring.append(encoded)
            self._bytes += len(encoded)
            self._next += 1
        while len(self._ring) > MAX_EVENTS or self._bytes > MAX_BYTES:
            self._bytes -= len(self._ring.popleft())
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def news(self) -> bool:
        """Wait until there is something new; False when a heartbeat is due first."""
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait([self._news], timeout=HEARTBEAT_SECONDS)
        return bool(done)

    def take(self, number: int) -> tuple[bytes, int] | None:
        """What there is from that number on, up to a bound, and the number that follows; None when it is gone."""
        first = self._next - len(self._ring)
        if number < first:
            return None
        pieces: list[bytes] = []
        size = 0
        while number < self._next and size < PIECE_BYTES:
            piece = self._ring[number - first]
            pieces.append(piece)
            size += len(piece)
            number += 1
        return b"".join(pieces), number

    def take_samples(self, seen: int) -> tuple[bytes, int]:
        """The last samples, if they are not those that were seen."""
        return (self._samples if seen != self._samples_number else b""), self._samples_number

    def count_slow(self) -> None:
        """A client could not keep up."""
        self._live.dropped += 1


class Client:
    """What one client is sent."""

    def __init__(self, feed: Feed, number: int, first: bytes, *, samples: bool) -> None:
        self.wants_samples = samples
        self._feed = feed
        self._number = number
        self._first = f"retry: {RETRY_MILLISECONDS}\n\n".encode() + first
        self._seen = -1 if samples else 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        while True:
            taken = self._feed.take(self._number)
            if taken is None:
                self._feed.count_slow()
                raise StopAsyncIteration
            piece, self._number = taken
            if self.wants_samples:
                samples, self._seen = self._feed.take_samples(self._seen)
                piece += samples
            if piece:
                return piece
            if not await self._feed.news():
                return HEARTBEAT

    async def aclose(self) -> None:
        """It has gone."""
        self._feed.leave(self)
