"""Sessions of the console: who logged in, and until when that counts. A bounded table, in memory only.

Nothing in it opens a door: keys are digests of what cookies hold. So it can be handed to the next image of the daemon.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from vigild.core.access import Role

IDLE_SECONDS = 12 * 3600.0
LONGEST_SECONDS = 7 * 86400.0
MAX_SESSIONS = 256


@dataclass(slots=True)
class Session:
    """Times are monotonic seconds. `stamp`: a digest of the password that opened it, as the configuration has that."""

    name: str
    role: Role
    begun: float
    used: float
    stamp: bytes = b""

    def is_over(self, now: float) -> bool:
        """Unused for too long, or too old?"""
        return now - self.used > IDLE_SECONDS or now - self.begun > LONGEST_SECONDS


@dataclass(slots=True)
class Sessions:
    """By a digest of what the cookie holds. `dropped`: those that ended early because there were too many."""

    dropped: int = 0
    _table: dict[bytes, Session] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._table)

    def begin(self, key: bytes, name: str, role: Role, now: float, stamp: bytes = b"") -> None:
        """Somebody has logged in."""
        self._make_room(now)
        self._table[key] = Session(name, role, now, now, stamp)

    def _make_room(self, now: float) -> None:
        for old in [key for key, session in self._table.items() if session.is_over(now)]:
            del self._table[old]
        if len(self._table) >= MAX_SESSIONS:
            del self._table[min(self._table, key=lambda old: self._table[old].used)]
            self.dropped += 1

    def find(self, key: bytes, now: float) -> Session | None:
        """The session, which counts as used now; None if it never was, or is over."""
        session = self._table.get(key)
        if session is None:
            return None
        if session.is_over(now):
            del self._table[key]
            return None
        session.used = now
        return session

    def look(self, key: bytes, now: float) -> Session | None:
        """The session, if it is not over. That somebody looked does not prolong it."""
        session = self._table.get(key)
        return None if session is None or session.is_over(now) else session

    def end(self, key: bytes) -> None:
        """Somebody has logged out."""
        self._table.pop(key, None)

    def end_unless(self, is_still_so: Callable[[bytes, Session], bool]) -> None:
        """The configuration has changed: whoever is not in it as when the session began logs in anew."""
        for key, session in list(self._table.items()):
            if not is_still_so(key, session):
                del self._table[key]

    # Over an upgrade of the daemon.

    def all(self, now: float) -> list[tuple[bytes, Session]]:
        """Those that are not over, with their keys."""
        return [(key, session) for key, session in self._table.items() if not session.is_over(now)]

    def go_on(self, key: bytes, session: Session, now: float) -> None:
        """One that began in the image before this one: its times go on. Ours is the bound."""
        if session.is_over(now) or session.begun > now or session.used > now:
            return
        self._make_room(now)
        self._table[key] = session
