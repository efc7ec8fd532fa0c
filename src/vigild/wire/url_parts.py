"""The parts of a URL that holds secrets: taken apart here, and never repeated in an error."""

import re
from typing import NamedTuple

_WHOLE = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?"
)
_PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::(?P<port>\d{0,5}))?")
_HARMFUL = re.compile(r"[\x00-\x20\x7f]")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_OPTION_NAME = re.compile(r"[a-z_]{1,20}")
HIDDEN = "***"  # what is shown in the place of a secret


class ReceiverUrlError(ValueError):
    """What is wrong with the URL of a receiver; `hint` says what would be right. Neither shows a secret."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


class Parts(NamedTuple):
    """A URL in its parts, still encoded."""

    scheme: str
    authority: str
    path: str
    query: str
    fragment: str


class Place(NamedTuple):
    """A host, a port (0 where there is none), and what stands before the `@`, still encoded."""

    userinfo: str
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Does nothing leave the machine?"""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


def split_url(url: str, form: str) -> Parts:
    """The parts of `url`; `form` says in an error how it should look. Raises ReceiverUrlError."""
    if _HARMFUL.search(url):
        raise ReceiverUrlError("a blank or a control character in the address", "write %20 for a blank")
    found = _WHOLE.fullmatch(url)
    if found is None:
        raise ReceiverUrlError("not an address", f"write {form}")
    scheme = found["scheme"].lower()
    return Parts(scheme, found["authority"], found["path"], found["query"] or "", found["fragment"] or "")


def place_of(authority: str, form: str) -> Place:
    """Host and port. Raises ReceiverUrlError."""
    userinfo, _, place = authority.rpartition("@")
    found = _PLACE.fullmatch(place)
    if found is None or int(found["port"] or 0) > 65535 or not found["host"]:
        raise ReceiverUrlError("the host or the port cannot be read", f"write {form}")
    return Place(userinfo, found["host"].strip("[]").lower(), int(found["port"] or 0))


def decode(text: str) -> str:
    """`text` with its `%41` decoded. A plus sign stays one: it is common in secrets and in addresses of mail."""
    raw = _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), text.encode())
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise ReceiverUrlError("%XX in the address is no UTF-8", "write %25 for a percent sign") from None


def encode(text: str) -> str:
    """`text` for a query or a path: all but letters, digits and `-._~` as `%41`."""
    return "".join(
        chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"-._~") else f"%{byte:02X}"
        for byte in text.encode()
    )


def header_of(text: str) -> tuple[str, str]:
    """The header that `header=NAME:VALUE` asks for: one line, and nothing that would be another."""
    name, colon, value = text.partition(":")
    plain = name.replace("-", "").replace("_", "")
    if not (colon and plain.isascii() and plain.isalnum() and value.isascii() and value.isprintable()):
        raise ReceiverUrlError("header= is no header", "write header=NAME:VALUE")
    return name, value.strip()


class Options:
    """`name=value&name=value`. Each is to be asked for; `done` refuses what nobody asked for."""

    def __init__(self, *texts: str) -> None:
        self._values: dict[str, list[str]] = {}
        self._known: list[str] = []
        for piece in "&".join(texts).split("&"):
            if not piece:
                continue
            name, equals, value = piece.partition("=")
            if not equals:
                raise ReceiverUrlError(
                    "an option without a value", "write NAME=VALUE, with & between several"
                )
            self._values.setdefault(name, []).append(decode(value))

    def all(self, name: str) -> list[str]:
        """Every value of an option, in order."""
        self._known.append(name)
        return self._values.get(name, [])

    def one(self, name: str, default: str = "") -> str:
        """The value of an option that is given once at most."""
        values = self.all(name)
        if len(values) > 1:
            raise ReceiverUrlError(f"{name}= is given {len(values)} times", f"write {name}= once")
        return values[0] if values else default

    def choice(self, name: str, *words: str) -> str:
        """One of `words`, of which the first is the default."""
        value = self.one(name, words[0]).lower()
        if value not in words:
            raise ReceiverUrlError(f"{name}= is none of {', '.join(words)}", f"write {name}={words[0]}")
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number from `least` to `most`."""
        text = self.one(name, str(default))
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
            raise ReceiverUrlError(f"{name}= is no number from {least} to {most}", f"write {name}={default}")
        return int(text)

    def file(self, name: str) -> str:
        """The absolute path of a file, "" for none."""
        path = self.one(name)
        if path and not path.startswith("/"):
            raise ReceiverUrlError(f"{name}= is no absolute path", "write it from the root")
        return path

    def ca_file(self) -> str:
        """The file with the certificates that are trusted instead of the system's."""
        return self.file("ca_file")

    def done(self) -> None:
        """Refuse what is left."""
        known = ", ".join(dict.fromkeys(self._known))
        for name in self._values:
            if name not in self._known:
                shown = f" {name!r}" if _OPTION_NAME.fullmatch(name) else ""
                raise ReceiverUrlError(f"unknown option{shown}", f"the options here are {known}")
