"""Converters of schedules. What they need beyond this is imported where there is a schedule.

As everywhere in the table, each takes the text and the surroundings and raises BadValueError with a reason
and a hint.
"""

from vigild.config.accounts import Surroundings
from vigild.config.convert import FALSE_WORDS
from vigild.config.diagnostics import BadValueError


def schedule(value: str, around: Surroundings) -> str:
    """A cron expression or one of its names, '' for none."""
    text = value.strip()
    if text.lower() in ("", "none", *FALSE_WORDS):
        return ""
    from vigild.config.cron_text import checked

    return checked(value)


def timezone(value: str, around: Surroundings) -> str:
    """A time zone that this machine knows, '' for its own."""
    name = value.strip()
    if name.lower() in ("", "local"):
        return ""
    from vigild.config.zones import zone_of

    zone_of(name)
    return name


def overlap(value: str, around: Surroundings) -> str:
    """skip, queue or restart."""
    return _one_of(value, ("skip", "queue", "restart"))


def missed(value: str, around: Surroundings) -> str:
    """skip or once."""
    return _one_of(value, ("skip", "once"))


def _one_of(value: str, words: tuple[str, ...]) -> str:
    word = value.strip().lower()
    if word not in words:
        raise BadValueError(f"none of {', '.join(words)}: {value!r}", f"write {' or '.join(words)}")
    return word
