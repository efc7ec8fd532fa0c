"""Who is asking, and what they may do."""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What somebody may do; each may do what those before it may.

    A viewer looks. An operator starts, stops, signals and tests. An admin changes the configuration, ends the
    daemon and sees what is secret.
    """

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from: a name for people, the role, the way in, and the address if there is one."""

    name: str
    role: Role
    via: str = ""  # "peer", "password", "token", "certificate", "session", "nobody"
    address: str = ""

    def may(self, role: Role) -> bool:
        """Is this allowed to whoever has `role`, allowed to them?"""
        return self.role >= role


NOBODY = Caller("", Role.ADMIN)
"""Outside any request: the daemon itself."""

current_caller: ContextVar[Caller] = ContextVar("current_caller", default=NOBODY)
