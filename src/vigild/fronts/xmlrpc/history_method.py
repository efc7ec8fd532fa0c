"""`vigil.getHistory`: what happened."""

from vigild.control.facade import Control, Facts
from vigild.core.errors import Fault, VigilError
from vigild.core.history import MAX_FACTS, HistoryQuery, Kind
from vigild.fronts.xmlrpc.method import Method, Param, integer, text, truth


def history_method(control: Control) -> Method:
    """The row of the table."""

    async def history(
        name: str = "",
        since: float = 0.0,
        limit: int = 100,
        until: float = 0.0,
        after: int = -1,
        kinds: tuple[str, ...] = (),
        output: bool = False,
    ) -> list[Facts]:
        return await control.history.read(HistoryQuery(name, since, until, limit, after, kinds, output))

    return Method(
        "getHistory",
        "Tell what happened.",
        "array",
        f"At most {MAX_FACTS} structs, oldest first: int id, double at (seconds since the epoch), string kind, string "
        "name (of the process; empty: the daemon), struct details (docs/how-to/history.md), and where they were "
        "asked for and are there, arrays of strings stdout and stderr",
        history,
        _HISTORY_PARAMS,
    )


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and value >= 0:
        return float(value)
    raise VigilError(Fault.INCORRECT_PARAMETERS)


def _kinds(value: object) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text(value).split(",") if word.strip())
    if not set(words) <= set(Kind):
        raise VigilError(Fault.BAD_ARGUMENTS, f"the kinds of facts are {', '.join(Kind)}")
    return words


_HISTORY_PARAMS = (
    Param(
        "name", "string", "NAME or GROUP:NAME, GROUP:*, or empty for all and the daemon", text, optional=True
    ),
    Param("since", "double", "Not before this, in seconds since the epoch", _seconds, optional=True),
    Param("limit", "int", "How many at most (100): the last of them", integer, optional=True),
    Param(
        "until", "double", "Before this, in seconds since the epoch; 0: until now", _seconds, optional=True
    ),
    Param("after", "int", "The first of those with a greater id, to follow; -1: not", integer, optional=True),
    Param("kinds", "string", f"Only these, with commas between: {', '.join(Kind)}", _kinds, optional=True),
    Param("output", "boolean", "With the last lines before each unexpected exit", truth, optional=True),
)
