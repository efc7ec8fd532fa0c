"""`vigil.getSamples` and `vigil.watchSamples`: what programs use of the machine."""

from vigild.control.facade import Control, Facts
from vigild.core.errors import Fault, VigilError
from vigild.fronts.xmlrpc.method import Method, Param, integer, text

FIELDS = (
    "double sampled_at (seconds since the epoch), double interval_seconds (what the rates are about), double cpu_seconds, "
    "double cpu_percent (of one core), int rss_bytes, int pss_bytes, int swap_bytes, int threads, int processes, int "
    "open_files, int read_bytes, int write_bytes, double read_bytes_per_second, double write_bytes_per_second, int restart_count "
    "(by itself, since the daemon began)"
)


def sample_methods(control: Control) -> list[Method]:
    """The rows of the table."""

    async def read(name: str, since: float = 0.0, until: float = 0.0, points: int = 300) -> list[Facts]:
        return await control.samples.read(name, since, until, points)

    def watch(interval: float = 5.0, seconds: float = 30.0) -> Facts:
        return control.samples.watch(interval, seconds)

    return [
        Method(
            "getSamples",
            "Tell what a process and all that descends from it used, within some time.",
            "array",
            "Structs, oldest first; none where nothing ran, or nothing was measured: int at (when the time it is about began, "
            "in seconds since the epoch), averages double cpu_percent (of one core), int rss_bytes, int pss_bytes, int "
            "swap_bytes, double read_bytes_per_second, double write_bytes_per_second, and the most of it double "
            "cpu_percent_max, int rss_bytes_max, int threads, int processes, int open_files, int restarts. A field "
            "is missing where the machine did not tell. Minutes are kept for a day, quarters of an hour for as long as the history",
            read,
            (
                Param("name", "string", "NAME or GROUP:NAME; empty for the daemon itself", text),
                Param(
                    "since",
                    "double",
                    "From then on, in seconds since the epoch; 0: an hour",
                    _seconds,
                    optional=True,
                ),
                Param(
                    "until",
                    "double",
                    "Before this, in seconds since the epoch; 0: until now",
                    _seconds,
                    optional=True,
                ),
                Param("points", "int", "How many structs at most (300)", integer, optional=True),
            ),
        ),
        Method(
            "watchSamples",
            "Say that somebody looks: for some time, sample at least so often.",
            "struct",
            "double interval_seconds (how often it is done now), struct daemon (the last sample of the daemon itself, "
            f"without what it runs; empty while there is none): {FIELDS}; struct machine (the last sample of the whole machine; "
            "empty while there is none, or nobody can tell): double at (seconds since the epoch), double cpu_percent (of all CPUs "
            "together, missing in the first), double load1, double load5, double load15, int memory_bytes (in use), double "
            "memory_total_bytes, int swap_bytes, int swap_total_bytes",
            watch,
            (
                Param("interval", "double", "In seconds, 1 or more (5)", _seconds, optional=True),
                Param(
                    "seconds", "double", "For how long from now on (30), 300 at most", _seconds, optional=True
                ),
            ),
        ),
    ]


def _seconds(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return float(value)
    raise VigilError(Fault.INCORRECT_PARAMETERS)
