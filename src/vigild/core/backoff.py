"""Whoever guesses passwords waits longer and longer: how long each source has to, in a table that is bounded."""

from dataclasses import dataclass, field

FREE_FAILURES = 5
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
FORGET_SECONDS = 900.0  # after the last failure
MAX_SOURCES = 1024


@dataclass(slots=True)
class _Record:
    """What is known of one source."""

    failures: int
    last: float


@dataclass(slots=True)
class Backoff:
    """Times are monotonic seconds. `dropped`: sources that were forgotten because there were too many."""

    dropped: int = 0
    _records: dict[str, _Record] = field(default_factory=dict)

    def wait_seconds(self, source: str, now: float) -> float:
        """How long until the next try of this source is looked at; 0: now."""
        record = self._records.get(source)
        if record is None or record.failures < FREE_FAILURES:
            return 0.0
        doubled = min(record.failures - FREE_FAILURES, 10)
        wait = min(FIRST_WAIT_SECONDS * float(1 << doubled), LONGEST_WAIT_SECONDS)
        return max(0.0, record.last + wait - now)

    def failures(self, source: str, now: float) -> int:
        """How many tries of this source were wrong in a row until now."""
        record = self._records.get(source)
        return 0 if record is None or now - record.last > FORGET_SECONDS else record.failures

    def failed(self, source: str, now: float) -> int:
        """A try of this source was wrong. Gives how many were in a row."""
        record = self._records.pop(source, None)
        if record is None or now - record.last > FORGET_SECONDS:
            record = _Record(0, now)
            if len(self._records) >= MAX_SOURCES:
                del self._records[next(iter(self._records))]  # whose last failure is the longest ago
                self.dropped += 1
        record.failures += 1
        record.last = now
        self._records[source] = record
        return record.failures

    def succeeded(self, source: str) -> None:
        """A try of this source was right."""
        self._records.pop(source, None)


def source_of(address: str) -> str:
    """What one attacker can be assumed to have: an IPv4 address, a /64 of IPv6."""
    groups = address.split("%")[0].split(":")
    if len(groups) < 3 or "." in address:
        return address
    head = address.partition("::")[0].split(":")
    return ":".join([*(group for group in head if group), "0", "0", "0", "0"][:4]) + "::/64"
