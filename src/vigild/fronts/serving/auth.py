"""Basic authentication: one user name and one password a server, as Supervisor's configuration has them.

`password` is clear text, `{SHA}` and the SHA-1 of the password in hexadecimal, or Vigil's

    {scrypt}N$R$P$SALT$HASH

with the three costs in decimal, salt and hash in hexadecimal (`config/passwords.py` makes one). scrypt is slow on
purpose (some 50 ms and 16 MiB), so it runs beside the loop, one at a time, and what was right once is known
again by a keyed digest: a client that polls pays for it once.
"""

import asyncio
import os
from _operator import _compare_digest  # what hmac exports; hmac itself would load OpenSSL, 4 MiB
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module

from vigild.config.passwords import ScryptHash, parse_scrypt

_MAX_WAITING = 16  # clients whose password is being checked; past it they are refused without a check


class Verdict(Enum):
    """What is to be made of an Authorization header."""

    RIGHT = "right"
    WRONG = "wrong"
    MALFORMED = "malformed"
    BUSY = "busy"


def _sha1_hex(data: bytes) -> str:
    try:
        sha1 = import_module("_sha1").sha1  # the interpreter's own; hashlib would load OpenSSL, 4 MiB
    except ImportError:
        sha1 = import_module("hashlib").sha1
    return str(sha1(data).hexdigest())


def session_key(cookie: str) -> bytes:
    """What a session is kept by: a digest of what its cookie holds, which are 256 random bits."""
    return _blake2b(cookie.encode("utf-8", "replace"))


def stamp_of(key: bytes, password: str) -> bytes:
    """A digest of a password as the configuration has it, for one session alone: it tells that it has changed."""
    return _blake2b(password.encode("utf-8", "surrogateescape"), key)


def _blake2b(data: bytes, key: bytes = b"") -> bytes:
    try:
        blake2b = import_module("_blake2").blake2b  # as above
    except ImportError:
        blake2b = import_module("hashlib").blake2b
    return bytes(blake2b(data, digest_size=32, key=key).digest())


def parse_basic(authorization: str) -> tuple[str, bytes] | Verdict:
    """Name and password of an Authorization header; MALFORMED, or WRONG for one of another scheme."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return Verdict.WRONG
    try:
        username, colon, password = a2b_base64(encoded.encode()).partition(b":")
    except Base64Error:
        return Verdict.MALFORMED
    if not colon:
        return Verdict.MALFORMED
    return username.decode("utf-8", "replace"), password


@dataclass(slots=True)
class Credentials:
    """Who may enter. Nobody may when `password` is a `{scrypt}` value that cannot be read; `problem` says why."""

    username: str
    password: str = field(repr=False)
    problem: str | None = field(default=None, init=False)
    _scrypt: ScryptHash | None = field(default=None, init=False, repr=False)
    _key: bytes = field(default=b"", init=False, repr=False)
    _known: bytes = field(default=b"", init=False, repr=False)  # keyed digest of the password that was right
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)
    _waiting: int = field(default=0, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.password.startswith("{scrypt}"):
            try:
                self._scrypt = parse_scrypt(self.password[len("{scrypt}") :])
            except ValueError as error:
                self.problem = str(error)

    async def check(self, authorization: str | None) -> Verdict:
        """Judge the value of an Authorization header (None: there is none)."""
        given = Verdict.WRONG if authorization is None else parse_basic(authorization)
        if isinstance(given, Verdict):
            return given
        is_user = _compare_digest(given[0].encode(), self.username.encode())
        verdict = await self.check_password(given[1])
        return verdict if is_user or verdict is Verdict.BUSY else Verdict.WRONG

    def is_remembered(self, password: bytes) -> bool:
        """Was this password found right before? Only of a `{scrypt}` one is that known."""
        if not self._known:
            return False
        import hashlib

        return _compare_digest(hashlib.blake2b(password, key=self._key).digest(), self._known)

    async def check_password(self, password: bytes) -> Verdict:
        """RIGHT, WRONG, or BUSY."""
        if self.problem is not None:
            return Verdict.WRONG
        if self._scrypt is not None:
            return await self._check_scrypt(self._scrypt, password)
        if self.password.startswith("{SHA}"):
            right = _compare_digest(_sha1_hex(password).encode(), self.password[5:].encode())
        else:
            right = _compare_digest(password, self.password.encode())
        return Verdict.RIGHT if right else Verdict.WRONG

    async def _check_scrypt(self, stored: ScryptHash, password: bytes) -> Verdict:
        import hashlib

        self._key = self._key or os.urandom(32)
        digest = hashlib.blake2b(password, key=self._key).digest()
        if self._known and _compare_digest(digest, self._known):
            return Verdict.RIGHT
        if self._waiting >= _MAX_WAITING:
            return Verdict.BUSY
        self._waiting += 1
        try:
            async with self._gate:
                right = await asyncio.get_running_loop().run_in_executor(None, stored.matches, password)
        finally:
            self._waiting -= 1
        if right:
            self._known = digest
        return Verdict.RIGHT if right else Verdict.WRONG
