"""Text to values: how often what programs use is measured."""

from vigild.config.accounts import Surroundings
from vigild.config.convert_restarts import seconds
from vigild.config.diagnostics import BadValueError

SHORTEST, LONGEST = 1.0, 3600.0


def sample_interval(value: str, around: Surroundings) -> float:
    """A time from a second to an hour."""
    result = seconds(value, around)
    if not SHORTEST <= result <= LONGEST:
        raise BadValueError(
            f"shorter than a second, or longer than an hour: {value!r}", "write seconds, such as 60"
        )
    return result
