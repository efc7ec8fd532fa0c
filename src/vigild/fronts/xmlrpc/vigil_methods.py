"""The `vigil.*` methods: what Supervisor's interface has no word for. Nothing of `supervisor.*` changes by them."""

from vigild.control.facade import Control, Facts
from vigild.core.errors import Fault, VigilError
from vigild.core.history import MAX_FACTS, HistoryQuery, Kind
from vigild.fronts.xmlrpc.method import Method, Param, integer, text, truth

NAMESPACE = "vigil"

_PROCESS = Param("name", "string", "The process: NAME or GROUP:NAME", text)


def vigil_methods(control: Control) -> list[Method]:
    """All of them; names without the namespace."""

    async def upgrade() -> bool:
        await control.daemon.upgrade()
        return True

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

    return [
        Method(
            "upgrade",
            "Execute the daemon anew, with the code and the configuration that are there now. No process is touched.\n"
            "Answered when the new code has been found fit, just before it takes over; the next answer is its own.\n"
            "When it would not come up, the fault FAILED says why, and the daemon goes on as before.",
            "boolean",
            "Always true; what goes wrong is a fault",
            upgrade,
        ),
        Method(
            "getDaemonInfo",
            "Tell what the daemon knows of itself.",
            "struct",
            "string version, string python, int pid, int generation (how often it was upgraded in place), "
            "int started (seconds since the epoch), int adopted (processes taken over when this image began), "
            "boolean survives (whether a crash of the daemon leaves programs and output unharmed), string survival "
            "(why not, if it does not), string upgrade_error (why the last upgrade failed after it was found fit)",
            control.daemon.facts,
        ),
        Method(
            "getProcessInfo",
            "Tell how a process is, with what supervisor.getProcessInfo has no field for.",
            "struct",
            "As supervisor.getProcessInfo, and: string wanted (up, down), boolean exit_known (exitstatus was seen, not made "
            "up), boolean adopted (another daemon, or another image of this one, started what runs), string spawn_id "
            "(VIGIL_SPAWN_ID of all that descends from it), boolean flapping, int restarts (by themselves, within the "
            "window of flapping), array left_behind (structs of int pid, string name: what lives of what it left behind)",
            control.processes.facts,
            (_PROCESS,),
        ),
        Method(
            "getAllProcessInfo",
            "Tell how every process is, in the same way.",
            "array",
            "One struct a process, as from vigil.getProcessInfo, sorted by group and name",
            control.processes.all_facts,
        ),
        Method(
            "getHistory",
            "Tell what happened.",
            "array",
            f"At most {MAX_FACTS} structs, oldest first: int id, double at (seconds since the epoch), string kind, string "
            "name (of the process; empty: the daemon), struct details (docs/how-to/history.md), and where they were "
            "asked for and are there, arrays of strings stdout and stderr",
            history,
            _HISTORY_PARAMS,
        ),
    ]


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
