"""tail and maintail: what processes and the daemon wrote, once or as it comes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vigild.cli.ctl.controller import Controller
from vigild.cli.ctl.terminal import is_terminal, shown, shown_text
from vigild.client.errors import ClientError, FaultError, HttpError, UnauthorizedError
from vigild.core.errors import Fault

TAIL_BYTES = 1600
RETRY_SECONDS = 1.0
OVERLAP_BYTES = 1024  # what a daemon repeats when a stream begins

_PICTURED = {0x2400 + code: code for code in range(32) if code not in b"\t\n\r"}  # see `wire.xmlrpc_text`
_READ_ERRORS = {
    Fault.NO_FILE: "no log file",
    Fault.FAILED: "unknown error reading log",
    Fault.BAD_NAME: "no such process name",
}


def do_tail(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    words = argument.split()
    if not words or len(words) > 3:
        ctl.fail(f"Error: too {'many' if words else 'few'} arguments")
        ctl.show_help("tail")
        return
    modifier = words.pop(0) if words[0].startswith("-") else ""
    if not words:
        ctl.fail("Error: tail requires process name")
        return
    name = words[0]
    channel = words[-1].lower() if len(words) > 1 else "stdout"
    if channel not in ("stdout", "stderr"):
        ctl.fail(f"Error: bad channel {channel!r}")
        return
    if modifier in ("-f", "-F"):
        _follow(ctl, _process_log(ctl, name, channel), modifier == "-F")
        return
    count = _count(ctl, modifier)
    if count is not None:
        _warn_of_encoding(ctl)
        _print_log(ctl, name, lambda: ctl.supervisor.read_process_log(name, channel, -count, 0))


def do_maintail(ctl: Controller, argument: str) -> None:
    ctl.require_daemon()
    words = argument.split()
    if len(words) > 1:
        ctl.fail("Error: too many arguments")
        ctl.show_help("maintail")
        return
    modifier = words[0] if words else ""
    if modifier in ("-f", "-F"):
        url = f"{ctl.options.shown_url}/mainlogtail"
        _follow(ctl, _Log(url, ctl.supervisor.follow_log, lambda: ""), modifier == "-F")
        return
    count = _count(ctl, modifier)
    if count is not None:
        _print_log(ctl, "supervisord", lambda: ctl.supervisor.read_log(-count, 0))


def _count(ctl: Controller, modifier: str) -> int | None:
    """How many bytes `-N` asks for; None if it is no number (which has been said)."""
    if not modifier:
        return TAIL_BYTES
    try:
        if modifier.startswith("-"):
            return int(modifier[1:])
    except ValueError:
        pass
    ctl.fail(f"Error: bad argument {modifier}")
    return None


def _print_log(ctl: Controller, name: str, read: Callable[[], str]) -> None:
    try:
        text = read()
    except FaultError as fault:
        words = _READ_ERRORS.get(fault.code)  # type: ignore[call-overload]
        if words is None or fault.is_not_allowed or (fault.code == Fault.BAD_NAME and name == "supervisord"):
            raise
        ctl.fail(f"{name}: ERROR ({words})")
    else:
        text = as_written(text).decode("utf-8", "surrogateescape")
        ctl.output(shown_text(text) if is_terminal(ctl.stdout) else text)


def as_written(text: str) -> bytes:
    """What a call tells of a log, with control characters for the pictures of them that XML-RPC brings."""
    return text.translate(_PICTURED).encode("utf-8", "surrogateescape")


def _warn_of_encoding(ctl: Controller) -> None:
    encoding = getattr(ctl.stdout, "encoding", None) or ""
    if not encoding.lower().startswith("utf"):
        ctl.output(
            f"Warning: sys.stdout.encoding is set to {encoding or None}, so Unicode output may fail. "
            "Check your LANG and PYTHONIOENCODING environment settings."
        )


# --- following ---------------------------------------------------------------------------------


@dataclass(slots=True)
class _Log:
    """A log that can be followed. `file` asks where it is: a new run may have a new file (AUTO)."""

    url: str
    stream: Callable[[], Iterator[bytes]]
    file: Callable[[], str]


def _process_log(ctl: Controller, name: str, channel: str) -> _Log:
    supervisor = ctl.supervisor

    def file() -> str:
        info = supervisor.info(name)
        return info["stdout_logfile"] if channel == "stdout" else info["stderr_logfile"]

    url = f"{ctl.options.shown_url}/logtail/{name}/{channel}"
    return _Log(url, lambda: supervisor.follow_process_log(name, channel), file)


def _follow(ctl: Controller, log: _Log, stubborn: bool) -> None:
    _warn_of_encoding(ctl)
    ctl.output("==> Press Ctrl-C to exit <==")
    try:
        if stubborn:
            _follow_stubbornly(ctl, log)
        else:
            _follow_once(ctl, log)
    except KeyboardInterrupt:
        ctl.output("")


def _follow_once(ctl: Controller, log: _Log) -> None:
    connected = False
    try:
        for data in log.stream():
            connected = True
            write(ctl, data)
    except HttpError as error:
        ctl.explain(f"{log.url} Cannot read, status code {error.status}")
    except ClientError as error:
        if not connected:
            ctl.explain(f"{log.url} Cannot connect, error: {error}")
        # else the daemon went away, and the stream with it


def _follow_stubbornly(ctl: Controller, log: _Log) -> None:
    """Follow for ever: over a restart of the daemon, and when the log is not there yet."""
    from time import sleep

    shown = b""  # the end of what was shown of `file`
    trouble = file = ""
    while True:
        first = True
        try:
            if (now := log.file()) != file:
                file, shown = now, b""
            for data in log.stream():
                fresh = unseen(shown, data) if first else data
                if trouble:
                    ctl.explain(f"==> following {log.url} again <==")
                first, trouble = False, ""
                shown = (shown + fresh)[-OVERLAP_BYTES:]
                write(ctl, fresh)
            reason = "the daemon closed the connection"
        except UnauthorizedError:
            raise
        except ClientError as error:
            reason = str(error)
        if reason != trouble:
            ctl.explain(f"==> {reason}; trying again <==")
            trouble = reason
        sleep(RETRY_SECONDS)


def unseen(shown: bytes, data: bytes) -> bytes:
    """A new stream begins with the end of the log: drop what was shown before the old one broke."""
    for length in range(min(len(shown), len(data)), 0, -1):
        if shown.endswith(data[:length]):
            return data[length:]
    return data


def write(ctl: Controller, data: bytes) -> None:
    """Write a piece of a log, now: as it is, unless a terminal would obey it."""
    if is_terminal(ctl.stdout):
        data = shown(data)
    binary = getattr(ctl.stdout, "buffer", None)
    if binary is None:
        ctl.stdout.write(data.decode("utf-8", "backslashreplace"))
    else:
        ctl.stdout.flush()
        binary.write(data)
    ctl.stdout.flush()
