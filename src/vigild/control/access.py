"""Tokens: making, showing and revoking them, and who comes with one."""

import os
from _operator import _compare_digest  # what hmac exports; hmac itself would load OpenSSL, 4 MiB
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from typing import Protocol

from vigild.control.facade import Facts
from vigild.core.access import Caller, Role, current_caller, require
from vigild.core.errors import Fault, VigilError
from vigild.core.tokens import MAX_TOKENS, Token, split_token, why_not, write_token
from vigild.engine.ports import Clock, Log

USE_NOTED_SECONDS = 60.0  # how fresh `last_used` is on disk


class TokenStore(Protocol):
    """Where they are kept; `host/` has the real one."""

    def load(self) -> list[Token]:
        """OSError, ValueError."""

    def save(self, tokens: list[Token]) -> None:
        """OSError."""


class Access:
    """See `control.facade.AccessControl`. Nothing is read before the first token is shown or asked about."""

    def __init__(self, store: TokenStore, clock: Clock, log: Log) -> None:
        self._store = store
        self._clock = clock
        self._log = log
        self._known: dict[str, Token] | None = None
        self._saved_use = 0.0

    def _tokens(self) -> dict[str, Token]:
        if self._known is None:
            try:
                self._known = {token.id: token for token in self._store.load()}
            except (OSError, ValueError) as error:
                self._log.critical(f"cannot read the tokens, so none counts: {error}")
                raise VigilError(Fault.FAILED, f"cannot read the tokens: {error}") from None
        return self._known

    def _save(self, tokens: dict[str, Token]) -> None:
        try:
            self._store.save(list(tokens.values()))
        except OSError as error:
            raise VigilError(Fault.FAILED, f"cannot write the tokens: {error.strerror or error}") from None
        self._known = tokens

    def tokens(self) -> list[Facts]:
        """All of them, without their secrets. FAILED."""
        now = self._clock.wall()
        return [_facts(token, now) for token in sorted(self._tokens().values(), key=lambda t: t.created)]

    def create_token(self, name: str, role: str, programs: Sequence[str] = (), seconds: float = 0.0) -> Facts:
        """A new one; its `token` is in this answer and nowhere else. `seconds`: how long it counts, 0: for ever.

        BAD_ARGUMENTS, FAILED.
        """
        require(Role.ADMIN, "making a token")
        wrong = why_not(name, programs)
        try:
            given = Role[role.upper()]
        except KeyError:
            wrong = wrong or f"no such role: {role!r}; there are viewer, operator and admin"
        if wrong or not 0 <= seconds < 1e10:
            raise VigilError(Fault.BAD_ARGUMENTS, wrong or "a token cannot count for so long")
        tokens, now = self._tokens(), self._clock.wall()
        valid = {id_: token for id_, token in tokens.items() if token.is_valid(now)}
        if len(valid) >= MAX_TOKENS:
            raise VigilError(Fault.FAILED, f"there are {MAX_TOKENS} tokens already: revoke some first")
        id_, secret = os.urandom(6).hex(), os.urandom(32).hex()
        by = current_caller.get().words
        expires = now + seconds if seconds else 0.0
        token = Token(id_, name, given, digest_of(secret), now, by, expires, tuple(programs))
        self._save({**valid, id_: token})
        return {**_facts(token, now), "token": write_token(id_, secret)}

    def revoke_token(self, id_: str) -> None:
        """It counts no more. BAD_NAME, FAILED."""
        require(Role.ADMIN, "revoking a token")
        tokens = self._tokens()
        if id_ not in tokens:
            raise VigilError(Fault.BAD_NAME, id_)
        self._save({other: token for other, token in tokens.items() if other != id_})

    def bearer(self, presented: str, address: str) -> Caller | None:
        """Who comes with this token; None if it does not count."""
        parts = split_token(presented)
        if parts is None:
            return None
        try:
            tokens = self._tokens()
        except VigilError:
            return None
        token = tokens.get(parts[0])
        # Also for an id that is unknown: how long it takes says nothing.
        same = _compare_digest(digest_of(parts[1]), token.digest if token is not None else "0" * 64)
        now = self._clock.wall()
        if token is None or not same or not token.is_valid(now):
            return None
        self._note_use(tokens, token, now)
        return Caller(f"token:{token.name}", token.role, "token", address, programs=token.programs)

    def _note_use(self, tokens: dict[str, Token], token: Token, now: float) -> None:
        tokens[token.id] = replace(token, last_used=now)
        if abs(now - self._saved_use) > USE_NOTED_SECONDS:
            self._saved_use = now
            try:
                self._store.save(list(tokens.values()))
            except OSError:
                pass  # it is only the time of use that is not written down


def digest_of(secret: str) -> str:
    """What is kept of a secret of 256 random bits, which needs no slow hash."""
    try:
        blake2b = import_module("_blake2").blake2b  # the interpreter's own; hashlib would load OpenSSL, 4 MiB
    except ImportError:
        blake2b = import_module("hashlib").blake2b
    return str(blake2b(secret.encode(), digest_size=32).hexdigest())


def _facts(token: Token, now: float) -> Facts:
    return {
        "id": token.id,
        "name": token.name,
        "role": token.role.word,
        "programs": list(token.programs),
        "created": token.created,
        "created_by": token.created_by,
        "expires": token.expires,
        "expired": not token.is_valid(now),
        "last_used": token.last_used,
    }
