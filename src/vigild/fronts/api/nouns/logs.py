"""What processes and the daemon wrote: ranges, last lines, search, download, and as it comes."""

from collections.abc import AsyncIterator, Callable

from vigild.core.access import Role
from vigild.fronts.api.endpoint import EVENT_STREAM, MOST, NAME, Answer, Call, Endpoint, Outcome, Parameter
from vigild.fronts.api.following import Follower
from vigild.fronts.api.logfiles import MAX_SEARCHED_BYTES, PIECE_BYTES, LogFile, search
from vigild.fronts.api.problems import ProblemError
from vigild.fronts.api.schema import boolean, integer, list_of, record, ref, text
from vigild.fronts.serving.messages import Response

MAX_PART_BYTES = 1024 * 1024
_CHANNEL = Parameter("channel", text(enum=["stdout", "stderr"]), "Which of its outputs", "path")
_PART = (
    Parameter(
        "offset",
        integer(minimum=0, maximum=MOST),
        "Where to begin, in bytes; without it, the last `lines` lines",
    ),
    Parameter("length", integer(minimum=1, maximum=MAX_PART_BYTES), "How many bytes at most (65536)"),
    Parameter("lines", integer(minimum=1, maximum=10_000), "How many of the last lines (100)"),
)
_SEARCH = (
    Parameter("text", text(minLength=1, maxLength=256), "What to look for; no pattern"),
    Parameter(
        "before",
        integer(minimum=0, maximum=MOST),
        "Lines that begin before this, in bytes; without it, from the end",
    ),
    Parameter("limit", integer(minimum=1, maximum=1000), "How many lines at most (100)"),
    Parameter("ignore_case", boolean(), "a and A are the same (only A to Z)"),
)
_FOLLOW = (
    Parameter("lines", integer(minimum=0, maximum=10_000), "How many of the last lines to begin with (100)"),
    Parameter("offset", integer(minimum=0, maximum=MOST), "Where to begin, in bytes"),
)
_MATCHES = record(
    matches=list_of(record(offset=integer("Where the line begins"), text=text("The line")), "The last first"),
    next_before=integer("To look further: `before` of the next request; 0 when all was looked at"),
    size=integer("How long the log is now"),
)
_GONE = ("no_such_name", "no_file")


def _main(call: Call) -> LogFile:
    return LogFile(call.control.daemon.log_path())


def _process(call: Call) -> LogFile:
    return LogFile(call.control.logs.path(call.text("name"), call.text("channel")))


Open = Callable[[Call], LogFile]


def _read(call: Call, open_: Open) -> Answer:
    with open_(call) as file:
        if "offset" in call.arguments:
            return Answer(file.part(call.integer("offset"), call.integer("length", PIECE_BYTES)))
        start = file.start_of_last(call.integer("lines", 100))
        return Answer(file.part(start, min(file.size - start, call.integer("length", MAX_PART_BYTES))))


async def _search(call: Call, open_: Open) -> Answer:
    with open_(call) as file:
        before = min(call.integer("before", file.size), file.size)
        matches, rest = (
            await search(
                file,
                call.text("text"),
                before,
                call.integer("limit", 100),
                ignore_case=call.flag("ignore_case"),
            )
            if call.text("text")
            else ([], 0)
        )
        told = [{"offset": match.offset, "text": match.text} for match in matches]
        return Answer({"matches": told, "next_before": rest, "size": file.size})


def _follow(call: Call, open_: Open) -> Outcome:
    file = open_(call)
    offset = call.integer("offset") if "offset" in call.arguments else None
    key, _, last = (call.request.header("last-event-id") or "").rpartition(":")
    if key == file.key and last.isdecimal() and len(last) < 20:
        offset = int(last)
    if offset is None:
        lines = call.integer("lines", 100)
        offset = file.start_of_last(lines) if lines else file.size
    return Response(200, STREAM_HEADERS, Follower(file, min(offset, file.size)))


STREAM_HEADERS = (
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),  # tells nginx to pass the pieces on as they come
    ("X-Content-Type-Options", "nosniff"),
)


class _Download:
    """The file as it is now, in pieces."""

    def __init__(self, file: LogFile) -> None:
        self._file = file
        self._offset = 0
        self._end = file.size

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        piece = self._file.read(self._offset, min(PIECE_BYTES, self._end - self._offset))
        if not piece:
            raise StopAsyncIteration
        self._offset += len(piece)
        return piece

    async def aclose(self) -> None:
        """Close the file."""
        self._file.close()


def _download(call: Call, open_: Open) -> Outcome:
    file = open_(call)
    name = "-".join(filter(None, (call.text("name", "vigil"), call.text("channel")))) + ".log"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    headers = (
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", f'attachment; filename="{plain}"'),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Response(200, headers, _Download(file))


def _endpoints(
    path: str, whose: str, of: str, open_: Open, role: Role, place: tuple[Parameter, ...]
) -> tuple[Endpoint, ...]:
    problems = _GONE if place else ("no_file",)
    return (
        Endpoint(
            "GET",
            path,
            f"get{of}Log",
            "logs",
            role,
            f"A part of {whose}: a range of bytes, or its last lines.",
            lambda call: _read(call, open_),
            ref("LogPart"),
            (*place, *_PART),
            problems=problems,
        ),
        Endpoint(
            "GET",
            f"{path}/search",
            f"search{of}Log",
            "logs",
            role,
            f"Lines of {whose} with a text in them. One request looks at {MAX_SEARCHED_BYTES >> 20} MiB at most.",
            lambda call: _search(call, open_),
            _MATCHES,
            (*place, *_SEARCH),
            problems=problems,
        ),
        Endpoint(
            "GET",
            f"{path}/follow",
            f"follow{of}Log",
            "logs",
            role,
            f"What is written to {whose}, as server-sent events: `output` (a LogPart), and `reset` when the log was rotated "
            "or emptied. Goes on behind `Last-Event-ID`.",
            lambda call: _follow(call, open_),
            None,
            (*place, *_FOLLOW),
            problems=problems,
            media=EVENT_STREAM,
        ),
        Endpoint(
            "GET",
            f"{path}/download",
            f"download{of}Log",
            "logs",
            role,
            f"The whole of {whose}, byte for byte.",
            lambda call: _download(call, open_),
            None,
            place,
            problems=problems,
            media="application/octet-stream",
        ),
    )


def _clear(call: Call) -> Answer:
    call.control.logs.clear(call.text("name"))
    return Answer(None, 204)


def _clear_main(call: Call) -> Answer:
    call.control.daemon.clear_log()
    return Answer(None, 204)


def _list(call: Call) -> Answer:
    name = call.text("name")
    logs = []
    for channel in ("stdout", "stderr"):
        path = call.control.logs.path(name, channel)
        if path is not None:
            try:
                with LogFile(path) as file:
                    logs.append({"channel": channel, "path": path, "size": file.size, "file": file.key})
            except ProblemError:  # a device, or gone meanwhile: not a log that can be read here
                continue
    return Answer({"logs": logs})


ENDPOINTS = (
    Endpoint(
        "GET",
        "/processes/{name}/logs",
        "listProcessLogs",
        "logs",
        Role.VIEWER,
        "The logs of a process that can be read here.",
        _list,
        record(
            logs=list_of(
                record(
                    channel=text("", enum=["stdout", "stderr"]),
                    path=text(),
                    size=integer("In bytes"),
                    file=text("Changes when the log is rotated"),
                )
            )
        ),
        (NAME,),
        problems=("no_such_name",),
    ),
    *_endpoints(
        "/processes/{name}/logs/{channel}",
        "the log of a process",
        "Process",
        _process,
        Role.VIEWER,
        (NAME, _CHANNEL),
    ),
    Endpoint(
        "POST",
        "/processes/{name}/logs/clear",
        "clearProcessLogs",
        "logs",
        Role.OPERATOR,
        "Empty both logs of a process.",
        _clear,
        None,
        (NAME,),
        statuses=(204,),
        problems=("no_such_name", "failed"),
    ),
    *_endpoints("/daemon/log", "the daemon's log", "Daemon", _main, Role.VIEWER, ()),
    Endpoint(
        "POST",
        "/daemon/log/clear",
        "clearDaemonLog",
        "logs",
        Role.ADMIN,
        "Empty the daemon's log.",
        _clear_main,
        None,
        statuses=(204,),
        problems=("no_file", "failed"),
    ),
)
