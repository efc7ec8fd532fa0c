"""Who is asking, and what they may do."""

from collections.abc import Sequence
from contextvars import ContextVar
from enum import IntEnum

from vigild.core.errors import NotAllowedError
from vigild.core.frozen import frozen
from vigild.core.names import split_namespec


class Role(IntEnum):
    """What somebody may do; each may do what those before it may.

    A viewer looks. An operator starts, stops, signals and tests. An admin changes the configuration, ends the
    daemon and sees what is secret.
    """

    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """As configuration, API and messages write it."""
        return self.name.lower()


@frozen
class Principal:
    """A user of the system by number, or a group."""

    id: int
    is_group: bool = False

    def covers(self, uid: int, gids: Sequence[int]) -> bool:
        """Is that process's user this one, or in this group?"""
        return self.id in gids if self.is_group else self.id == uid


@frozen
class PeerRoles:
    """Who may do what of those who can connect to a unix socket; whoever is in none of the lists may nothing."""

    viewers: tuple[Principal, ...] = ()
    operators: tuple[Principal, ...] = ()
    admins: tuple[Principal, ...] = ()

    def role_of(self, uid: int, gids: Sequence[int], own_uid: int) -> Role | None:
        """The highest role. Root, and the daemon's own user `own_uid`, can do everything without asking us."""
        if uid in (0, own_uid):
            return Role.ADMIN
        for role, principals in (
            (Role.ADMIN, self.admins),
            (Role.OPERATOR, self.operators),
            (Role.VIEWER, self.viewers),
        ):
            if any(principal.covers(uid, gids) for principal in principals):
                return role
        return None


@frozen
class Caller:
    """Who a request comes from: a name for people, the role, the way in, and the address if there is one.

    `limit`: what the role is due to, and what would lift it, where that is not the caller's own doing.
    `programs`: patterns of the only programs that this caller has to do with; none: all.
    """

    name: str
    role: Role
    via: str = ""  # "peer", "password", "token", "certificate", "session", "nobody"
    address: str = ""
    limit: str = ""
    programs: tuple[str, ...] = ()

    def may(self, role: Role) -> bool:
        """Is this allowed to whoever has `role`, allowed to them?"""
        return self.role >= role

    def has_to_do_with(self, namespec: str) -> bool:
        """Is that process (of a whole group: every process of it) one that this caller has to do with? "": the daemon."""
        return not self.programs or (bool(namespec) and is_of(self.programs, namespec))

    @property
    def words(self) -> str:
        """For the history: `ann@10.0.0.7`, `10.0.0.7` for one without a name, `uid 1000` on a unix socket."""
        return f"{self.name}@{self.address}" if self.name and self.address else self.name or self.address


NOBODY = Caller("", Role.ADMIN)
"""Outside any request: the daemon itself."""

current_caller: ContextVar[Caller] = ContextVar("current_caller", default=NOBODY)
"""Set by every door for each request."""


def is_of(patterns: Sequence[str], namespec: str) -> bool:
    """Does one of these patterns (NAME in any group, or GROUP:NAME) stand for that process, or that whole group?"""
    from fnmatch import fnmatchcase

    group, process = split_namespec(namespec)
    full = [pattern if ":" in pattern else f"*:{pattern}" for pattern in patterns]
    if process is None:
        return any(pattern.endswith(":*") and fnmatchcase(group, pattern[:-2]) for pattern in full)
    return any(fnmatchcase(f"{group}:{process}", pattern) for pattern in full)


def is_loopback(host: str) -> bool:
    """True for addresses that only this machine reaches."""
    return host in ("localhost", "::1", "[::1]") or host.startswith("127.")


def require(role: Role, doing: str, *, about_all: bool = False) -> None:
    """NotAllowedError unless who asks has that role. `doing` is for the message: "stopping programs".

    What is `about_all` is not for those who have to do with some programs only.
    """
    caller = current_caller.get()
    if about_all and caller.programs:
        raise NotAllowedError(
            f"{doing} is not about {', '.join(caller.programs)} alone, as {caller.words} is"
        )
    if caller.may(role):
        return
    who = f"{caller.words} is {caller.role.word}" if caller.words else f"yours is {caller.role.word}"
    more = f" ({caller.limit})" if caller.limit else ""
    raise NotAllowedError(f"{doing} needs the role {role.word}, and {who}{more}")
