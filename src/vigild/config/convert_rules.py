"""Converters of rules: `rules`, `memory_max` and `on_memory_max`. The grammar is read in `rule_text.py`, where there are any.

As everywhere in the table, each takes the text and the surroundings and raises BadValueError with a reason
and a hint.
"""

from vigild.config.accounts import Surroundings
from vigild.config.convert import FALSE_WORDS, byte_size
from vigild.config.diagnostics import BadValueError

MEMORY_MIN_BYTES = 1024**2


def rules(value: str, around: Surroundings) -> tuple[str, ...]:
    """The texts of a program's rules, each on one line and known to be right."""
    if not value.strip():
        return ()
    from vigild.config.rule_text import read_rules  # late: few programs have rules
    from vigild.core.program_metrics import PROGRAM

    return tuple(rule.name for rule in read_rules(value, PROGRAM))


def memory_max(value: str, around: Surroundings) -> int:
    """Bytes, 1MB at least; nothing, 0 or `none` for no bound."""
    text = value.strip()
    if text.lower() in ("", "none", *FALSE_WORDS):
        return 0
    number = byte_size(text, around)
    if number < MEMORY_MIN_BYTES:
        raise BadValueError(f"less than any program needs: {value!r}", "write a size such as 500MB or 2GB")
    return number


def on_memory_max(value: str, around: Surroundings) -> str:
    """restart or alert."""
    word = value.strip().lower()
    if word not in ("restart", "alert"):
        raise BadValueError(f"no such action: {value!r}", "write restart or alert")
    return word
