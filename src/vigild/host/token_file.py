"""Where tokens are kept: a file of the state directory, for its owner only, written anew at each change.

What is in it would not let anybody in: digests, no secrets.
"""

import os
from dataclasses import fields

from vigild.core.access import Role
from vigild.core.tokens import MAX_TOKENS, Token

MAX_FILE_BYTES = 1 << 20
FORMAT = 1


class TokenFile:
    """The file at `path`."""

    def __init__(self, path: str) -> None:
        self.path = path

    def load(self) -> list[Token]:
        """What it holds; nothing where there is none. OSError, or ValueError for one that cannot be read."""
        import json

        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return []
        with open(descriptor, "rb") as file:
            about = os.fstat(file.fileno())
            if about.st_uid not in (0, os.geteuid()) or about.st_mode & 0o022:
                raise ValueError("somebody else owns it, or may write to it")
            read = json.loads(file.read(MAX_FILE_BYTES))
        if not isinstance(read, dict) or read.get("format") != FORMAT:
            raise ValueError("it is in no format that this version knows")
        try:
            return [_token(entry) for entry in read["tokens"][:MAX_TOKENS]]
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"an entry is not whole: {error!r}") from None

    def save(self, tokens: list[Token]) -> None:
        """Put it in the place of what is there. OSError."""
        import json

        os.makedirs(os.path.dirname(self.path), 0o700, exist_ok=True)
        text = json.dumps({"format": FORMAT, "tokens": [_entry(token) for token in tokens]}, indent=1)
        beside = f"{self.path}.new"
        try:
            os.unlink(beside)
        except FileNotFoundError:
            pass
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(beside, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, self.path)


_FIELDS = tuple(field.name for field in fields(Token))


def _entry(token: Token) -> dict[str, object]:
    found = {name: getattr(token, name) for name in _FIELDS}
    return {**found, "role": token.role.word, "programs": list(token.programs)}


def _token(entry: dict[str, object]) -> Token:
    found = {name: entry[name] for name in _FIELDS if name in entry}
    role, programs = found.pop("role"), found.pop("programs", [])
    if not isinstance(programs, list):
        raise TypeError("programs is not a list")
    return Token(role=Role[str(role).upper()], programs=tuple(map(str, programs)), **found)  # type: ignore[arg-type]
