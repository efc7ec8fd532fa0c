"""Converters of `[forward:x]`: where output goes, whose, and how much at once.

As everywhere in the table, each takes the text and the surroundings and raises BadValueError with a reason and a hint.
URLs hold secrets: no reason shows more of one than its scheme.
"""

from vigild.config.accounts import Surroundings
from vigild.config.convert import byte_size, environment
from vigild.config.convert_alerts import absolute_path as absolute_path
from vigild.config.convert_alerts import duration, patterns
from vigild.config.diagnostics import BadValueError
from vigild.config.suggest import did_you_mean

CHANNELS = ("stdout", "stderr")
LABELS_MAX = 15  # what Loki takes of them, by default
LABEL_MAX_BYTES = 1024
BATCH_SECONDS_MIN, BATCH_SECONDS_MAX = 0.05, 60.0
BATCH_BYTES_MIN, BATCH_BYTES_MAX = 1 << 10, 16 << 20
BUFFER_BYTES_MIN, BUFFER_BYTES_MAX = 64 << 10, 1 << 30


def url(value: str, _: Surroundings) -> str:
    """One address, checked."""
    address = value.strip()
    check_url(address)
    return address


def check_url(address: str) -> None:
    """Raises BadValueError where nothing can be sent to it; the reason shows nothing secret."""
    from vigild.wire.forward_urls import SCHEMES, parse_target
    from vigild.wire.url_parts import ReceiverUrlError

    try:
        parse_target(address)
    except ReceiverUrlError as error:
        guess = (
            did_you_mean(address.partition(":")[0].lower(), SCHEMES) if "unknown scheme" in str(error) else ""
        )
        raise BadValueError(str(error) if address else "no address", f"{guess}{error.hint}") from None


def programs(value: str, around: Surroundings) -> tuple[str, ...]:
    """Names and patterns of them; one at least."""
    found = patterns(value, around)
    if not found:
        raise BadValueError("no programs", "write * for all of them, or drop the line")
    return found


def channels(value: str, around: Surroundings) -> tuple[str, ...]:
    """stdout, stderr or both."""
    words = patterns(value.lower(), around)
    for word in words:
        if word not in CHANNELS:
            hint = f"{did_you_mean(word, CHANNELS)}write stdout, stderr or both"
            raise BadValueError(f"not a channel: {word!r}", hint)
    if not words:
        raise BadValueError("no channels", "write stdout, stderr, or drop the line for both")
    return tuple(channel for channel in CHANNELS if channel in words)


def labels(value: str, _: Surroundings) -> tuple[tuple[str, str], ...]:
    """`KEY="value"` pairs with commas between, as for environment."""
    found = tuple(environment(value.strip()).items())
    if len(found) > LABELS_MAX:
        raise BadValueError(f"{len(found)} labels", f"write {LABELS_MAX} at most; receivers refuse more")
    for name, text in found:
        if not text:
            raise BadValueError(f"label {name} has no value", "write one, or drop it")
        if len(text.encode("utf-8", "replace")) > LABEL_MAX_BYTES or not (name + text).isprintable():
            problem = f"label {name} is too long, or has a sign that cannot be shown"
            raise BadValueError(problem, f"write {LABEL_MAX_BYTES} bytes at most, without line ends and tabs")
    return found


def batch_seconds(value: str, _: Surroundings) -> float:
    """How long lines are collected."""
    result = duration(value)
    if not BATCH_SECONDS_MIN <= result <= BATCH_SECONDS_MAX:
        raise BadValueError(f"not a time to collect lines for: {value!r}", "write 0.05 to 60 seconds")
    return result


def batch_size(value: str, around: Surroundings) -> int:
    """How much is sent at once."""
    return _between(value, around, BATCH_BYTES_MIN, BATCH_BYTES_MAX, "write 1KB to 16MB")


def buffer_size(value: str, around: Surroundings) -> int:
    """How much is kept."""
    return _between(value, around, BUFFER_BYTES_MIN, BUFFER_BYTES_MAX, "write 64KB to 1GB")


def _between(value: str, around: Surroundings, least: int, most: int, hint: str) -> int:
    number = byte_size(value.strip(), around)
    if not least <= number <= most:
        raise BadValueError(f"too {'small' if number < least else 'large'}: {value!r}", hint)
    return number
