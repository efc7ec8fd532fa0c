"""Converters of `[monitor:x]`: what is looked at, how often, and what is done to a process that Vigil did not start.

As everywhere in the table, each takes the text and the surroundings and raises BadValueError with a reason
and a hint.
"""

import re

from vigild.config.accounts import Surroundings
from vigild.config.convert_health import healthcheck, statuses
from vigild.config.convert_health import regex as regex
from vigild.config.convert_restarts import seconds as seconds
from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean

INTERVAL_MIN_SECONDS = 1.0
URL_HINT = (
    "write http://HOST:PORT/PATH, https://…, tcp://HOST:PORT, tls://HOST:PORT, udp://HOST:PORT, unix:///PATH or "
    "ping://HOST"
)
CHECKSUMS = ("md5", "sha1", "sha256", "sha512")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e]?[\x20-\x7e]*)")
_PING = re.compile(r"ping://(\[[0-9A-Fa-f:.%]+\]|[^\s/:?#\[\]@]+)/?")


def monitor_type(value: str, around: Surroundings) -> str:
    """A type of `core.monitors`."""
    from vigild.core.monitors import MONITOR_TYPES

    word = value.strip()
    if word not in MONITOR_TYPES:
        guess = did_you_mean(word, MONITOR_TYPES)
        raise BadValueError(
            f"no such type of monitor: {value!r}", f"{guess}types: {', '.join(MONITOR_TYPES)}"
        )
    return word


def interval(value: str, around: Surroundings) -> float:
    """A time of a second or more."""
    result = seconds(value, around)
    if result < INTERVAL_MIN_SECONDS:
        raise BadValueError(f"shorter than a second: {value!r}", "write seconds, such as 30, or 5m")
    return result


def names(value: str, around: Surroundings) -> tuple[str, ...]:
    """Names with commas or blanks between; each once."""
    return tuple(dict.fromkeys(value.replace(",", " ").split()))


def times(value: str, around: Surroundings) -> str:
    """A cron expression, whose minutes are meant; "" for none."""
    from vigild.config.convert_schedule import schedule

    return schedule(value, around)


def absolute_path(value: str, around: Surroundings) -> str:
    """A path from the root on."""
    path = value.strip()
    if not path.startswith("/"):
        raise BadValueError(f"not an absolute path: {value!r}", "write it from the root on: /var/log/app.log")
    return path


def url(value: str, around: Surroundings) -> dict[str, object]:
    """What is asked, in parts: scheme, host, port, target, tls."""
    text = value.strip()
    ping = _PING.fullmatch(text)
    if ping is not None:
        return {"scheme": "ping", "host": ping[1].strip("[]")}
    scheme, colon, rest = text.partition("://")
    if not colon or scheme not in ("http", "https", "tcp", "tls", "udp", "unix"):
        raise BadValueError(f"no address to look at: {value!r}", URL_HINT)
    probe = healthcheck(f"tcp://{rest}" if scheme in ("tls", "udp") else text, around)
    assert probe is not None
    parts: dict[str, object] = {
        "scheme": scheme if scheme == "udp" else probe.scheme.value,
        "target": probe.target,
    }
    if probe.host:
        parts |= {"host": probe.host, "port": probe.port, "tls": probe.tls or scheme == "tls"}
    return parts


def status_ranges(value: str, around: Surroundings) -> list[list[int]]:
    """HTTP statuses and ranges of them."""
    return [[low, high] for low, high in statuses(value, around)]


def headers(value: str, around: Surroundings) -> dict[str, str]:
    """`Name: value`, one a line."""
    found: dict[str, str] = {}
    for line in filter(str.strip, value.splitlines()):
        matched = _HEADER.fullmatch(line.strip())
        if matched is None:
            raise BadValueError("not a header", "write Name: value, one on each line")  # it may hold a secret
        found[matched[1]] = matched[2]
    return found


def method(value: str, around: Surroundings) -> str:
    """A method of HTTP."""
    return _one_of(value.strip().upper(), METHODS, "method")


def checksum(value: str, around: Surroundings) -> str:
    """An algorithm."""
    return _one_of(value.strip().lower(), CHECKSUMS, "checksum")


def command(value: str, around: Surroundings) -> str:
    """A command and its arguments; no shell reads it."""
    from shlex import split

    try:
        words = split(value)
    except ValueError as error:
        raise BadValueError(f"the command cannot be split into words: {error}", "close the quote") from None
    if not words:
        raise BadValueError("no command", "write /path/to/command and its arguments")
    return value.strip()


def _one_of(word: str, known: tuple[str, ...], what: str) -> str:
    if word not in known:
        raise BadValueError(f"no such {what}: {word!r}", f"write {', '.join(known)}")
    return word
