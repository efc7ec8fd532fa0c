"""API tokens: what one stands for. Its secret is shown once; what is kept is a digest of it."""

from collections.abc import Sequence

from vigild.core.access import Role
from vigild.core.frozen import frozen

PREFIX = "vigil"
MAX_TOKENS = 256
MAX_NAME_CHARACTERS = 64
MAX_PROGRAMS = 64


@frozen
class Token:
    """Times are seconds since the epoch; `expires` and `last_used` 0: never. `programs`: patterns, none for all."""

    id: str
    name: str
    role: Role
    digest: str
    created: float
    created_by: str = ""
    expires: float = 0.0
    programs: tuple[str, ...] = ()
    last_used: float = 0.0

    def is_valid(self, now: float) -> bool:
        """Has it not expired?"""
        return not self.expires or now < self.expires


def write_token(id_: str, secret: str) -> str:
    """What a client presents."""
    return f"{PREFIX}_{id_}_{secret}"


def split_token(text: str) -> tuple[str, str] | None:
    """Id and secret of what a client presents; None for what is no token."""
    prefix, _, rest = text.strip().partition("_")
    id_, _, secret = rest.partition("_")
    return (id_, secret) if prefix == PREFIX and id_ and secret else None


def why_not(name: str, programs: Sequence[str]) -> str:
    """What is wrong with a token that is asked for; "" if nothing is."""
    if not 0 < len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
        return f"a name has 1 to {MAX_NAME_CHARACTERS} printable characters"
    if len(programs) > MAX_PROGRAMS or not all(0 < len(pattern) <= 200 for pattern in programs):
        return f"at most {MAX_PROGRAMS} patterns for programs, of 1 to 200 characters"
    return ""
