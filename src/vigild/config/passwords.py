"""`{scrypt}` passwords: reading and making what the configuration holds of them."""

import os
from _operator import _compare_digest  # what hmac exports; hmac itself would load OpenSSL, 4 MiB

from vigild.core.frozen import frozen

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
_MAX_SCRYPT_BYTES = 256 * 1024 * 1024


@frozen
class ScryptHash:
    """A stored `{scrypt}` password."""

    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def matches(self, password: bytes) -> bool:
        """Takes tens of milliseconds."""
        return _compare_digest(self.digest, _scrypt(password, self.salt, self.n, self.r, self.p))


def _scrypt(password: bytes, salt: bytes, n: int, r: int, p: int) -> bytes:
    import hashlib

    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=_MAX_SCRYPT_BYTES, dklen=32)


def hash_password(password: str) -> str:
    """A fresh `{scrypt}` value for the configuration's `password`."""
    salt = os.urandom(16)
    digest = _scrypt(password.encode(), salt, SCRYPT_N, SCRYPT_R, SCRYPT_P)
    return f"{{scrypt}}{SCRYPT_N}${SCRYPT_R}${SCRYPT_P}${salt.hex()}${digest.hex()}"


def parse_scrypt(stored: str) -> ScryptHash:
    """Read what follows `{scrypt}`. ValueError says what is wrong with it."""
    parts = stored.split("$")
    try:
        n, r, p, salt, digest = parts
        parsed = ScryptHash(int(n), int(r), int(p), bytes.fromhex(salt), bytes.fromhex(digest))
    except ValueError:
        raise ValueError("a {scrypt} password has the form {scrypt}N$R$P$SALT$HASH") from None
    costs_fit = parsed.n > 1 and parsed.n & (parsed.n - 1) == 0 and parsed.r > 0 and parsed.p > 0
    if not costs_fit or 128 * parsed.n * parsed.r > _MAX_SCRYPT_BYTES // 2 or len(parsed.digest) != 32:
        raise ValueError("a {scrypt} password needs a power of two as N, 128*N*R <= 128 MiB, a 32-byte hash")
    return parsed
