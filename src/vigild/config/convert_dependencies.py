"""The converter of `depends_on`. What its names stand for is found out when all groups are known (`dependencies.py`)."""

from typing import TYPE_CHECKING

from vigild.config.accounts import Surroundings
from vigild.config.diagnostics import BadValueError

if TYPE_CHECKING:
    from vigild.core.dependency import Dependency

CONDITIONS = ("started", "running", "ready", "healthy", "completed")


def dependencies(value: str, _: Surroundings) -> "tuple[Dependency, ...]":
    """`NAME` or `NAME:CONDITION`, with commas between; a name may hold a colon itself."""
    from vigild.core.dependency import Condition, Dependency  # late: clients read this table of options, too

    found: dict[tuple[str, Condition], Dependency] = {}
    for entry in value.split(","):
        word = entry.strip()
        if not word:
            if not value.strip() and not found:
                return ()
            raise BadValueError(
                f"nothing between two commas: {value!r}", "write names with single commas between"
            )
        name, colon, last = word.rpartition(":")
        condition = Condition.RUNNING
        if colon and last.strip().lower() in CONDITIONS:
            condition = Condition(last.strip().lower())
        else:
            name = word
        name = name.strip()
        if not name or any(letter.isspace() for letter in name):
            hint = "write db:running, migrate:completed, cache; conditions are " + ", ".join(CONDITIONS)
            raise BadValueError(f"not a name of a program: {word!r}", hint)
        found[name, condition] = Dependency(name, condition)
    return tuple(found.values())
