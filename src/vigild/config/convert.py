"""Converters: an option's text (expanded) to its value. Each takes the text and the surroundings and
raises BadValueError with a reason and a hint. What is accepted, and as what, is as Supervisor does it.
"""

import os
import re
import signal as signals
from typing import TYPE_CHECKING

from vigild.config.accounts import Surroundings
from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean

if TYPE_CHECKING:
    from vigild.core.kill_mode import KillMode
    from vigild.core.process import Autorestart

TRUE_WORDS = ("yes", "true", "on", "1")
FALSE_WORDS = ("no", "false", "off", "0")
LOG_LEVELS = ("critical", "error", "warn", "info", "debug", "trace", "blather")
LOG_FORMATS = ("text", "json")
_UNIT_BYTES = {"kb": 1024, "mb": 1024**2, "gb": 1024**3}
_SIGNAL_NAMES = {name: int(getattr(signals, name)) for name in dir(signals) if name.startswith("SIG")}
_SIGNAL_NUMBERS = frozenset(_SIGNAL_NAMES.values())

# One KEY=value of the common shape; anything else goes through the full tokenizer.
_PAIR = re.compile(
    r"""[ \t\r\n]*([A-Za-z0-9_/.+\-():]+)[ \t\r\n]*=[ \t\r\n]*("[^"]*"|'[^']*'|[A-Za-z0-9_/.+\-():]+)[ \t\r\n]*(?:,|\Z)"""
)


def text(value: str, _: Surroundings) -> str:
    """The text itself."""
    return value


def quotable_text(value: str, _: Surroundings) -> str:
    """Text that double quotes may stand around, to keep blanks at its ends."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def integer(value: str, _: Surroundings) -> int:
    """A whole number, of any size and sign."""
    try:
        return int(value)
    except ValueError:
        raise BadValueError(f"not a whole number: {value!r}", "write digits only, such as 10") from None


def boolean(value: str, _: Surroundings) -> bool:
    """yes/true/on/1 or no/false/off/0, in any case."""
    word = value.lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise BadValueError(
        f"neither true nor false: {value!r}", "write true or false (yes/no, on/off and 1/0 do too)"
    )


def octal(value: str, _: Surroundings) -> int:
    """A file mode or mask in octal digits."""
    try:
        return int(value, 8)
    except ValueError:
        raise BadValueError(
            f"not an octal number: {value!r}", "write octal digits, such as 022 or 0700"
        ) from None


def byte_size(value: str, _: Surroundings) -> int:
    """Bytes, or with the suffix KB, MB or GB (powers of 1024)."""
    word = value.lower()
    unit = _UNIT_BYTES.get(word[-2:])
    try:
        return int(word) if unit is None else int(word[:-2]) * unit
    except ValueError:
        hint = "write a whole number of bytes, or with KB, MB or GB after it, such as 50MB"
        raise BadValueError(f"not a size in bytes: {value!r}", hint) from None


def days(value: str, around: Surroundings) -> int:
    """A number of days, one at least."""
    number = integer(value, around)
    if number < 1:
        raise BadValueError(f"not a number of days: {value!r}", "write 1 or more, such as 30")
    return number


def history_size(value: str, around: Surroundings) -> int:
    """A size in bytes that a store can be kept in."""
    number = byte_size(value, around)
    if number < 1 << 20:
        raise BadValueError(f"too small for a history: {value!r}", "write 1MB or more, or history=false")
    return number


def signal_number(value: str, _: Surroundings) -> int:
    """A signal by name (TERM, SIGTERM) or number."""
    try:
        number: int | None = int(value)
    except ValueError:
        name = value.strip().upper()
        number = _SIGNAL_NAMES.get(name if name.startswith("SIG") else f"SIG{name}")
    if number not in _SIGNAL_NUMBERS:
        guess = did_you_mean(value.upper(), (name[3:] for name in _SIGNAL_NAMES if "_" not in name))
        raise BadValueError(
            f"not a signal: {value!r}", f"{guess}write a name or a number, such as TERM or 15"
        )
    return number


def exit_codes(value: str, _: Surroundings) -> tuple[int, ...]:
    """Exit codes from 0 to 255 with commas between; nothing at all is no code."""
    if not value:
        return ()
    try:
        codes = tuple(map(int, value.split(",")))
    except ValueError:
        codes = (-1,)
    if any(code < 0 or code > 255 for code in codes):
        raise BadValueError(
            f"not a list of exit codes: {value!r}", "write numbers from 0 to 255, with commas between"
        )
    return codes


def autorestart(value: str, _: Surroundings) -> "Autorestart":
    """true, false or unexpected."""
    from vigild.core.process import Autorestart  # late: clients read this table of options, too

    word = value.lower()
    if word in TRUE_WORDS:
        return Autorestart.ALWAYS
    if word in FALSE_WORDS:
        return Autorestart.NEVER
    if word == "unexpected":
        return Autorestart.UNEXPECTED
    raise BadValueError(f"not a restart policy: {value!r}", "write true, false or unexpected")


def kill_mode(value: str, _: Surroundings) -> "KillMode":
    """process, group or tree."""
    from vigild.core.kill_mode import KillMode

    try:
        return KillMode(value.lower())
    except ValueError:
        raise BadValueError(f"not a kill mode: {value!r}", "write process, group or tree") from None


def log_level(value: str, _: Surroundings) -> str:
    """A level of the daemon's log."""
    word = value.lower()
    if word not in LOG_LEVELS:
        guess = "did you mean warn? " if word == "warning" else did_you_mean(word, LOG_LEVELS)
        raise BadValueError(f"not a log level: {value!r}", f"{guess}levels: {', '.join(LOG_LEVELS)}")
    return word


def log_format(value: str, _: Surroundings) -> str:
    """What a program's log is written as: text or json."""
    word = value.strip().lower()
    if word not in LOG_FORMATS:
        raise BadValueError(f"not a format of logs: {value!r}", "write text or json")
    return word


def names(value: str, _: Surroundings) -> tuple[str, ...]:
    """Names with commas between."""
    return tuple(name.strip() for name in value.split(",")) if value else ()


def existing_directory(value: str, around: Surroundings) -> str:
    """A directory that is there; `~` is expanded."""
    path = around.expand_user(value)
    if not around.has_directory(path):
        raise BadValueError(
            f"not a directory, or it does not exist: {value}", f"create it: mkdir -p {path}", "V010"
        )
    return path


def directory_to_be(value: str, around: Surroundings) -> str:
    """An absolute path of a directory that is made when it is needed; `~` is expanded."""
    path = around.expand_user(value)
    if not os.path.isabs(path):
        raise BadValueError(f"not an absolute path: {value!r}", "write it from the root, /like/this")
    return os.path.normpath(path)


def path_in_directory(value: str, around: Surroundings) -> str:
    """A file whose directory is there; `~` is expanded."""
    path = around.expand_user(value)
    directory = os.path.dirname(path)
    if directory and not around.has_directory(directory):
        text = f"the directory of {value} does not exist"
        raise BadValueError(text, f"create it: mkdir -p {directory}", "V010")
    return path


SYSLOG = object()  # the deprecated magic file name


def log_file(value: str, around: Surroundings) -> object:
    """AUTO, NONE (or off), syslog (deprecated), or a file in a directory that is there."""
    from vigild.config.model import AUTO

    word = value.lower()
    if word in ("none", "off"):
        return None
    if word == "auto":
        return AUTO
    if word == "syslog":
        return SYSLOG
    return path_in_directory(value, around)


def user_id(value: str, around: Surroundings) -> int:
    """A user by name or number, who has to exist."""
    try:
        uid = int(value)
    except ValueError:
        record = around.accounts.user_by_name(value)
        if record is None:
            hint = f"create it first: useradd --system {value}" if value else "write a user's name or number"
            raise BadValueError(f"no user is named {value!r} on this machine", hint, "V011") from None
        return record[0]
    if around.accounts.gid_of_user(uid) is None:
        raise BadValueError(f"no user has the number {value}", "write the name or number of a user", "V011")
    return uid


def group_id(value: str, around: Surroundings) -> int:
    """A group by name or number, which has to exist."""
    try:
        gid = int(value)
    except ValueError:
        found = around.accounts.group_by_name(value)
        if found is None:
            hint = f"create it first: groupadd --system {value}"
            raise BadValueError(f"no group is named {value!r} on this machine", hint, "V011") from None
        return found
    if not around.accounts.has_group(gid):
        raise BadValueError(f"no group has the number {value}", "write the name or number of a group", "V011")
    return gid


def owner(value: str, around: Surroundings) -> tuple[int, int]:
    """`user` or `user:group`; without a group it is left as it is (-1)."""
    user, colon, group = value.partition(":")
    return user_id(user, around), group_id(group, around) if colon else -1


def inet_address(value: str, _: Surroundings) -> tuple[str, int]:
    """`port`, `:port`, `*:port` (host '' is every address) or `host:port`."""
    host, _colon, port_text = value.rpartition(":")
    try:
        port = int(port_text)
    except ValueError:
        raise BadValueError(
            f"no port number in {value!r}", "write host:port, such as 127.0.0.1:9001", "V006"
        ) from None
    if not 1 <= port <= 65535:
        raise BadValueError(f"not a port number: {port}", "ports go from 1 to 65535")
    host = host.lower()
    return "" if host == "*" else host, port


def server_url(value: str, _: Surroundings) -> str | None:
    """A URL for the children, or AUTO (None): the daemon's own."""
    return None if value.strip().upper() == "AUTO" else value


def plain_name(value: str) -> str:
    """A program's, process's or group's name: no blank, colon or slash inside. Raises BadValueError."""
    name = value.strip()
    for character in " :/":
        if character in name:
            raise BadValueError(
                f"bad name {value!r}: it holds {character!r}",
                "use letters, digits, - _ and . (names stand in URLs, events and namespecs)",
                "V008",
            )
    return name


def environment(value: str) -> dict[str, str]:
    """`KEY=value` pairs with commas between; quotes keep commas and blanks. Raises BadValueError."""
    pairs: dict[str, str] = {}
    position = 0
    while position < len(value):
        match = _PAIR.match(value, position)
        if match is None:
            return _tokenized_environment(value)
        pairs[match[1]] = match[2].strip("'\"")
        position = match.end()
    return pairs


def _tokenized_environment(value: str) -> dict[str, str]:
    # The value is cut into words, quoted strings and single other characters, four at a time: key, `=`,
    # value, and one of any kind as separator. Clients rely on oddities of it, such as `PATH ="x"`.
    import shlex

    lexer = shlex.shlex(value)
    lexer.wordchars += "/.+-():"
    try:
        tokens = list(lexer)
    except ValueError:
        # The text is not shown: environments hold secrets, and findings end up in logs.
        raise BadValueError("a quote is not closed", "close it: KEY=\"value\",OTHER='value'") from None
    pairs: dict[str, str] = {}
    for index in range(0, len(tokens), 4):
        triple = tokens[index : index + 3]
        if len(triple) != 3 or triple[1] != "=":
            place = f"after the value of {list(pairs)[-1]}" if pairs else "at the beginning"
            hint = 'write KEY="value",OTHER="value"; values that hold more than letters, digits and /.+-(): need quotes'
            raise BadValueError(f"not KEY=value pairs with commas between: wrong {place}", hint)
        pairs[triple[0]] = triple[2].strip("'\"")
    return pairs
