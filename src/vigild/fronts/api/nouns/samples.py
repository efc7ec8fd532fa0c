"""What programs use of the machine, and the machine as a whole, over time: series for charts."""

from collections.abc import Awaitable

from vigild.control.facade import Facts
from vigild.control.samples import MAX_RECENT_MINUTES, MAX_RECENT_NAMES
from vigild.core.access import Role
from vigild.core.errors import Fault, VigilError
from vigild.fronts.api.endpoint import LATEST, NAME, Answer, Call, Endpoint, Parameter
from vigild.fronts.api.problems import ProblemError
from vigild.fronts.api.schema import integer, list_of, number, record, text

MAX_POINTS = 2000
RECENT_MINUTES = 15
_MAX_NAMES_CHARACTERS = 2048  # each may be twelve in an address, and a request's head has 32 KiB
_RANGE = (
    Parameter(
        "since",
        number(minimum=0, maximum=LATEST),
        "Not before this, in seconds since the epoch (an hour ago)",
    ),
    Parameter("until", number(minimum=0, maximum=LATEST), "Before this (now)"),
    Parameter(
        "points",
        integer(minimum=1, maximum=MAX_POINTS),
        "How many at most (300); what is more is put together",
    ),
)
_MOMENT = record(
    "All samples within some time, put together; what the machine does not tell is left out.",
    at=integer("When that time began, in seconds since the epoch"),
    cpu_percent=number("Of one core, on average"),
    cpu_percent_max=number("The most"),
    rss_bytes=integer("On average"),
    rss_bytes_max=integer("The most"),
    threads=integer("The most"),
    processes=integer("The most"),
    restarts=integer("Since the daemon began"),
    optional={
        "pss_bytes": integer("On average"),
        "swap_bytes": integer("On average"),
        "open_files": integer("The most"),
        "read_bytes_per_second": number(),
        "write_bytes_per_second": number(),
    },
)
_MACHINE_MOMENT = record(
    "All samples of the machine within some time, put together.",
    at=integer("When that time began, in seconds since the epoch"),
    load1=number("Load average over 1 minute, on average"),
    load1_max=number("The most"),
    memory_bytes=integer("In use, and not to be had at once; on average"),
    memory_bytes_max=integer("The most"),
    memory_total_bytes=integer("All that there is"),
    swap_bytes=integer("In use, on average"),
    swap_total_bytes=integer("All that there is"),
    optional={
        "cpu_percent": number("Of all CPUs together, on average: at most 100"),
        "cpu_percent_max": number("The most"),
    },
)


_RECENT = record(
    "What one process used, minute by minute: three lists of the same length.",
    name=text("NAME or GROUP:NAME"),
    at=list_of(integer("When that minute began, in seconds since the epoch")),
    cpu_percent=list_of(number("Of one core, on average")),
    rss_bytes=list_of(integer("On average")),
)


async def _read(call: Call) -> Answer:
    samples, span = (
        call.control.samples,
        (call.number("since"), call.number("until"), call.integer("points", 300)),
    )
    return await _answer(samples.read(call.text("name"), *span))


async def _read_machine(call: Call) -> Answer:
    samples, span = (
        call.control.samples,
        (call.number("since"), call.number("until"), call.integer("points", 300)),
    )
    return await _answer(samples.read_machine(*span))


async def _answer(reading: Awaitable[list[Facts]]) -> Answer:
    try:
        found = await reading
    except VigilError as error:
        raise _not_kept(error) from None
    return Answer({"samples": found})


async def _recent(call: Call) -> Answer:
    names = [name for name in call.text("names").split(",") if name]
    try:
        found = await call.control.samples.recent(names, call.integer("minutes", RECENT_MINUTES))
    except VigilError as error:
        raise _not_kept(error) from None
    return Answer({"samples": found})


def _not_kept(error: VigilError) -> Exception:
    is_off = error.fault is Fault.FAILED and "history=false" in str(error)
    return ProblemError("not_configured", str(error.detail)) if is_off else error


ENDPOINTS = (
    Endpoint(
        "GET",
        "/samples",
        "getRecentSamples",
        "samples",
        Role.VIEWER,
        "What many processes used in the last minutes, oldest first: for lines in a table. Names of which nothing is kept are left out.",
        _recent,
        record(samples=list_of(_RECENT)),
        (
            Parameter(
                "names",
                text(maxLength=_MAX_NAMES_CHARACTERS),
                f"Processes, with commas between, {MAX_RECENT_NAMES} at most",
            ),
            Parameter(
                "minutes", integer(minimum=1, maximum=MAX_RECENT_MINUTES), f"How many ({RECENT_MINUTES})"
            ),
        ),
        problems=("not_configured", "failed"),
    ),
    Endpoint(
        "GET",
        "/processes/{name}/samples",
        "getProcessSamples",
        "samples",
        Role.VIEWER,
        "What a process and all that descends from it used, oldest first. What is now is in the process itself (`usage`); "
        "`/events?samples=true` tells it as it comes.",
        _read,
        record(samples=list_of(_MOMENT)),
        (NAME, *_RANGE),
        problems=("no_such_name", "not_configured", "failed"),
    ),
    Endpoint(
        "GET",
        "/daemon/samples",
        "getDaemonSamples",
        "samples",
        Role.VIEWER,
        "What the daemon itself used, oldest first.",
        _read,
        record(samples=list_of(_MOMENT)),
        _RANGE,
        problems=("not_configured", "failed"),
    ),
    Endpoint(
        "GET",
        "/machine/samples",
        "getMachineSamples",
        "samples",
        Role.VIEWER,
        "What the whole machine used, oldest first.",
        _read_machine,
        record(samples=list_of(_MACHINE_MOMENT)),
        _RANGE,
        problems=("not_configured", "failed"),
    ),
)
