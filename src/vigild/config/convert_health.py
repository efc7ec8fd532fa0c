"""Converters of readiness and health: how a program is asked, what answer will do, what follows.

As everywhere in the table, each takes the text and the surroundings and raises BadValueError with a reason
and a hint. Columns are counted from 1, in the value as it is after `%(…)s`.
"""

import re
from typing import TYPE_CHECKING

from vigild.config.accounts import Surroundings
from vigild.config.convert import FALSE_WORDS
from vigild.config.convert_restarts import seconds
from vigild.config.diagnostics import BadValueError

if TYPE_CHECKING:
    from vigild.core.probe import Probe

PORT_MAX = 65535
RETRIES_MAX = 1000
INTERVAL_MIN_SECONDS = 0.1
SCHEMES_HINT = (
    "write notify, http://HOST:PORT/PATH, https://…, tcp://HOST:PORT, unix:///PATH, exec:COMMAND or log:REGEX"
)
_HOST = r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\s/:?#\[\]@]+)"
_URL = re.compile(rf"{_HOST}(?::(?P<port>\d{{1,5}}))?(?P<target>[/?][^\s#]*)?")
_TCP = re.compile(rf"{_HOST}:(?P<port>\d{{1,5}})/?")
_STATUSES = re.compile(r"(\d{3})(?:\s*-\s*(\d{3}))?", re.ASCII)


def readiness(value: str, around: Surroundings) -> "Probe | None":
    """A probe; nothing or `none` for no question."""
    return _probe(value, may_notify=True)


def healthcheck(value: str, around: Surroundings) -> "Probe | None":
    """A probe other than notify; nothing or `none` for no question."""
    return _probe(value, may_notify=False)


def _probe(value: str, *, may_notify: bool) -> "Probe | None":
    from vigild.core.probe import Probe, Scheme  # late: clients read this table of options, too

    text = value.strip()
    if text.lower() in ("", "none", *FALSE_WORDS):
        return None
    if text == "notify":
        if not may_notify:
            hint = "use watchdog_secs for a program that reports by itself, or write another scheme"
            raise BadValueError("nobody can be asked by notify: the program speaks when it likes", hint)
        return Probe(Scheme.NOTIFY, text)
    scheme, colon, rest = text.partition(":")
    start = len(scheme) + 1
    match scheme:
        case "http" | "https" | "tcp" if rest.startswith("//"):
            found = _matched(_TCP if scheme == "tcp" else _URL, text, start + 2)
            port = int(found["port"] or (443 if scheme == "https" else 80))
            if not 0 < port <= PORT_MAX:
                column = found.start("port") + start + 3
                raise BadValueError(f"no such port, at column {column}: {port}", "write 1 to 65535")
            host = found["host"].strip("[]")
            if scheme == "tcp":
                return Probe(Scheme.TCP, text, "", host, port)
            target = found["target"] or "/"
            target = target if target.startswith("/") else f"/{target}"
            return Probe(Scheme.HTTP, text, target, host, port, tls=scheme == "https")
        case "unix" if rest.startswith("///") and len(rest) > 3:
            return Probe(Scheme.UNIX, text, rest[2:])
        case "unix":
            raise BadValueError(
                f"no absolute path, at column {start + 1}: {value!r}", "write unix:///run/x.sock"
            )
        case "exec":
            _check_command(rest.strip())
            return Probe(Scheme.EXEC, text, rest.strip())
        case "log":
            return Probe(Scheme.LOG, text, _checked_regex(rest, start))
        case _ if colon:
            raise BadValueError(f"unknown scheme, at column 1: {value!r}", SCHEMES_HINT)
    raise BadValueError(f"neither notify nor a scheme with a colon: {value!r}", SCHEMES_HINT)


def _matched(pattern: re.Pattern[str], text: str, start: int) -> re.Match[str]:
    rest = text[start:]
    found = pattern.fullmatch(rest)
    if found is not None:
        return found
    partly = pattern.match(rest)
    column = start + (partly.end() if partly is not None else 0) + 1
    what = "ends too early" if column > len(text) else "cannot be read"
    raise BadValueError(f"{what}, at column {column}: {text!r}", "write HOST:PORT, such as 127.0.0.1:8080")


def _check_command(command: str) -> None:
    from shlex import split

    try:
        words = split(command)
    except ValueError as error:
        raise BadValueError(f"the command cannot be split into words: {error}", "close the quote") from None
    if not words:
        raise BadValueError("no command, at column 6", "write exec:/path/to/command and its arguments")


def _checked_regex(pattern: str, start: int) -> str:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        column = start + (error.pos or 0) + 1
        hint = (
            "write a regular expression as Python's re module takes it; put a \\ before a sign meant as such"
        )
        raise BadValueError(f"not a regular expression, at column {column}: {error.msg}", hint) from None
    if compiled.search(""):
        raise BadValueError("it matches an empty line, and so any line", "write what is in the line itself")
    return pattern


def regex(value: str, around: Surroundings) -> str:
    """A regular expression, '' for none."""
    return _checked_regex(value, 0) if value else ""


def positive_seconds(value: str, around: Surroundings) -> float:
    """A time of 0.1 seconds or more."""
    result = seconds(value, around)
    if result < INTERVAL_MIN_SECONDS:
        raise BadValueError(f"shorter than 0.1 seconds: {value!r}", "write seconds, such as 30")
    return result


def retries(value: str, around: Surroundings) -> int:
    """A whole number from 1 on."""
    text = value.strip()
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= RETRIES_MAX):
        raise BadValueError(f"not a number of failures: {value!r}", f"write 1 to {RETRIES_MAX}")
    return int(text)


def statuses(value: str, around: Surroundings) -> tuple[tuple[int, int], ...]:
    """HTTP statuses and ranges of them, with commas between: `200-399` or `200,204,301-302`."""
    found: list[tuple[int, int]] = []
    column = 1
    for piece in value.split(","):
        matched = _STATUSES.fullmatch(piece.strip())
        low, high = (int(matched[1]), int(matched[2] or matched[1])) if matched else (1, 0)
        if not 100 <= low <= high <= 599:
            hint = "write statuses and ranges of them with commas between, such as 200-399 or 200,204"
            raise BadValueError(f"no HTTP status, at column {column}: {piece.strip()!r}", hint)
        found.append((low, high))
        column += len(piece) + 1
    return tuple(found)


def on_unhealthy(value: str, around: Surroundings) -> tuple[str, ...]:
    """`restart`, `alert` and `exec:COMMAND`, with commas between; what follows `exec:` is all of it the command."""
    actions: list[str] = []
    rest, column = value, 1
    while rest.strip():
        blanks = len(rest) - len(rest.lstrip())
        rest, column = rest.lstrip(), column + blanks
        if rest.startswith("exec:"):
            command = rest.removeprefix("exec:").strip()
            _check_command(command)
            actions.append(f"exec:{command}")
            break
        word, _, after = rest.partition(",")
        if word.strip() not in ("restart", "alert"):
            hint = "write restart, alert or exec:COMMAND; several with commas between, exec: last"
            raise BadValueError(f"no such action, at column {column}: {word.strip()!r}", hint)
        actions.append(word.strip())
        rest, column = after, column + len(word) + 1
    if not actions:
        raise BadValueError("no action", "write alert, restart or exec:COMMAND")
    return tuple(actions)
