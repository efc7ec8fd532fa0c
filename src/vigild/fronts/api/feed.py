"""Server-sent events to many clients: each is made and encoded once, kept for a while, and sent to all.

A client is a place in the ring and no queue of its own. Whoever is so slow that the ring has turned past its place is sent
away, and counted; when it comes back it is told to begin anew (`reset`). Who has to do with some programs only gets what is
about them, from the same ring.
"""

import asyncio
import os
from collections import deque
from collections.abc import AsyncIterator
from fnmatch import fnmatchcase
from typing import Any

from vigild.control.live import LINGER_SECONDS, Happening, Live
from vigild.core.access import Caller, current_caller
from vigild.core.frozen import frozen
from vigild.fronts.api.following import HEARTBEAT, event
from vigild.fronts.api.problems import ProblemError

MAX_CLIENTS = 100
MAX_EVENTS = 8192
MAX_BYTES = 4 * 1024 * 1024
PIECE_BYTES = 256 * 1024
HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 1000


@frozen
class Event:
    """One event. `subject`: the process, the group, or whoever gave the order; "" where it is about none of these."""

    kind: str
    subject: str
    encoded: bytes

    def is_for(self, who: Caller) -> bool:
        """May somebody hear of it who has to do with some programs only?"""
        match self.kind:
            case "state" | "process":
                return who.has_to_do_with(self.subject)
            case "group":  # also where only some of it is theirs
                return any(fnmatchcase(self.subject, one.partition(":")[0]) for one in who.programs)
            case "operation":
                return self.subject == who.words
            case _:
                return self.kind == "daemon"


def _subject(kind: str, facts: Any) -> str:
    match kind:
        case "state" | "process" | "group":
            return str(facts["name"])
        case "operation":
            return str(facts["by"])
        case _:
            return ""


class Feed:
    """The ring and its clients. Kept while somebody watches, and a minute longer."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._boot = os.urandom(4).hex()
        self._ring: deque[Event] = deque()
        self._bytes = 0
        self._next = 1  # the number of the next event
        self._samples: dict[tuple[str, ...], bytes] = {}  # the last of them, by who has to do with what
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
        client = Client(self, *self._place(last_id), current_caller.get(), samples=samples)
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
        self._samples.clear()
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
                self._keep_samples(facts)
                continue
            encoded = event(kind, facts, f"{self._boot}-{self._next}")
            self._ring.append(Event(kind, _subject(kind, facts), encoded))
            self._bytes += len(encoded)
            self._next += 1
        while len(self._ring) > MAX_EVENTS or self._bytes > MAX_BYTES:
            self._bytes -= len(self._ring.popleft().encoded)
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _keep_samples(self, facts: Any) -> None:
        self._samples_number += 1
        viewers = {client.who.programs: client.who for client in self._clients if client.wants_samples}
        self._samples = {}
        for programs, who in viewers.items():
            some = [one for one in facts["samples"] if who.has_to_do_with(one["name"])] if programs else None
            self._samples[programs] = event("samples", facts if some is None else {**facts, "samples": some})

    async def news(self) -> bool:
        """Wait until there is something new; False when a heartbeat is due first."""
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        done, _ = await asyncio.wait([self._news], timeout=HEARTBEAT_SECONDS)
        return bool(done)

    def take(self, number: int, who: Caller) -> tuple[bytes, int] | None:
        """What there is for them from that number on, up to a bound, and the number that follows; None when it is gone."""
        first = self._next - len(self._ring)
        if number < first:
            return None
        pieces: list[bytes] = []
        size = 0
        while number < self._next and size < PIECE_BYTES:
            happened = self._ring[number - first]
            if not who.programs or happened.is_for(who):
                pieces.append(happened.encoded)
                size += len(happened.encoded)
            number += 1
        return b"".join(pieces), number

    def take_samples(self, seen: int, who: Caller) -> tuple[bytes, int]:
        """The last samples, if they are not those that were seen."""
        if seen == self._samples_number:
            return b"", seen
        return self._samples.get(who.programs, b""), self._samples_number

    def heartbeat(self, number: int, who: Caller) -> bytes:
        """What is sent in silence. It tells those whom others' events pass by how far they are, to go on from there."""
        return (f"id: {self._boot}-{number - 1}\n".encode() if who.programs else b"") + HEARTBEAT

    def count_slow(self) -> None:
        """A client could not keep up."""
        self._live.dropped += 1


class Client:
    """What one client is sent."""

    def __init__(self, feed: Feed, number: int, first: bytes, who: Caller, *, samples: bool) -> None:
        self.wants_samples = samples
        self.who = who
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
            taken = self._feed.take(self._number, self.who)
            if taken is None:
                self._feed.count_slow()
                raise StopAsyncIteration
            piece, self._number = taken
            if self.wants_samples:
                samples, self._seen = self._feed.take_samples(self._seen, self.who)
                piece += samples
            if piece:
                return piece
            if not await self._feed.news():
                return self._feed.heartbeat(self._number, self.who)

    async def aclose(self) -> None:
        """It has gone."""
        self._feed.leave(self)
