"""`vigil logs NAME [-f] [-n LINES] [--stderr]`: the last lines that a program wrote, and what it writes from now on."""

import argparse
import json
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, TextIO

from vigild.cli.command_line import CommandLine, add_json_flag
from vigild.cli.connection import EXIT_DONE, EXIT_TEXT, add_connection_flags, ask
from vigild.cli.ctl.logs import OVERLAP_BYTES, as_written
from vigild.cli.ctl.terminal import is_terminal, shown
from vigild.client.errors import FaultError
from vigild.core.errors import Fault

if TYPE_CHECKING:
    from vigild.client.supervisor import Supervisor

MAX_LINES = 100_000
_FIRST_BYTES = 16 * 1024  # enough for most; more is asked for where it is not
MAX_LINE_BYTES = 1024 * 1024  # of a line that does not end, with --json
_MAX_BYTES = 16 * 1024 * 1024


def main(arguments: Sequence[str]) -> int:
    """Show what a program wrote."""
    given = build_parser().parse_args(list(arguments))
    try:
        return ask("vigil logs", given, lambda daemon: show(daemon, given, sys.stdout))
    except KeyboardInterrupt:
        return EXIT_DONE


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = CommandLine(
        prog="vigil logs",
        description="The last lines that a program wrote to its log, with -f also what it writes from now on, until Ctrl-C.",
        epilog=f"{EXIT_TEXT}, or it went away while its log was followed",
    )
    parser.add_argument("name", metavar="NAME", help="NAME or GROUP:NAME")
    parser.add_argument("-f", "--follow", action="store_true", help="go on with what is written from now on")
    parser.add_argument(
        "-n",
        "--lines",
        type=lines,
        default=20,
        metavar="LINES",
        help=f"the last LINES (20; at most {MAX_LINES})",
    )
    parser.add_argument("--stderr", action="store_true", help="of standard error, not of standard output")
    add_json_flag(parser, "one JSON object a line: name, channel, text")
    add_connection_flags(parser)
    return parser


def lines(text: str) -> int:
    """How many, from 0 to MAX_LINES."""
    if not text.isdecimal() or int(text) > MAX_LINES:
        raise argparse.ArgumentTypeError(f"not a number from 0 to {MAX_LINES}: {text!r}")
    return int(text)


def show(daemon: "Supervisor", given: argparse.Namespace, out: TextIO) -> int:
    """Print what was asked for. Raises ClientError, and KeyboardInterrupt while it follows."""
    channel = "stderr" if given.stderr else "stdout"
    end = as_written(read_end(daemon, given.name, channel, given.lines))
    lines_out = JsonLines(given.name, channel, out) if given.json else None
    write = partial(_write, out) if lines_out is None else lines_out.write
    try:
        write(last_lines(end, given.lines))
        if given.follow:
            seen: bytes | None = end
            for piece in daemon.follow_process_log(given.name, channel):
                # A stream begins with the end of the log, of which this was shown.
                write(piece if seen is None else fresh(seen, piece))
                seen = None
    finally:
        if lines_out is not None:
            lines_out.close()
    return EXIT_DONE


def last_lines(data: bytes, count: int) -> bytes:
    """The last lines; a line ends with LF and nothing else."""
    pieces = data.split(b"\n")
    return b"\n".join(pieces[-count - (not pieces[-1]) :]) if count else b""


def fresh(seen: bytes, piece: bytes) -> bytes:
    """What of the first piece of a stream was not in `seen`, which a call told: what is no UTF-8 came as U+FFFD there."""
    start = 0  # the stream may begin within a character
    while start < min(3, len(piece)) and piece[start] & 0xC0 == 0x80:
        start += 1
    for length in range(min(len(piece), OVERLAP_BYTES), start, -1):
        if seen.endswith(as_written(piece[start:length].decode("utf-8", "replace"))):
            return piece[length:]
    return piece


class JsonLines:
    """A JSON object for each line: `name`, `channel`, `text`. What is not UTF-8 becomes U+FFFD."""

    def __init__(self, name: str, channel: str, out: TextIO) -> None:
        self._about = {"name": name, "channel": channel}
        self._out = out
        self._begun = b""

    def write(self, data: bytes) -> None:
        """Print the lines that have ended with this."""
        *ended, self._begun = (self._begun + data).split(b"\n")
        for line in ended:
            self._print(line)
        if len(self._begun) > MAX_LINE_BYTES:
            self.close()
        self._out.flush()

    def close(self) -> None:
        """Print the line that has not ended."""
        if self._begun:
            self._print(self._begun)
            self._begun = b""

    def _print(self, line: bytes) -> None:
        told = {**self._about, "text": line.removesuffix(b"\r").decode("utf-8", "replace")}
        self._out.write(json.dumps(told, ensure_ascii=False) + "\n")


def read_end(daemon: "Supervisor", name: str, channel: str, count: int) -> str:
    """The end of a log, in which its last `count` lines are, if it has so many. Raises ClientError."""
    size = _FIRST_BYTES
    while True:
        try:
            text = daemon.read_process_log(name, channel, -size, 0)
        except FaultError as fault:
            if fault.code == Fault.NO_FILE:
                raise FaultError(fault.code, _no_file(name, channel, fault.text)) from None
            raise
        is_all = len(text.encode("utf-8", "surrogateescape")) < size
        if is_all or text.count("\n") > count or size >= _MAX_BYTES:
            return text
        size *= 8


def _no_file(name: str, channel: str, text: str) -> str:
    path = text.removeprefix("NO_FILE").removeprefix(": ")
    if path:
        return f"the {channel} log of {name} is gone: {path}; the next start of {name} makes it anew"
    reasons = [f"{name} was never started", f"{channel}_logfile is NONE"]
    if channel == "stderr":
        reasons.append("redirect_stderr sends it to stdout (then leave --stderr away)")
    return f"there is no {channel} log of {name}: {', or '.join(reasons)}"


def _write(out: TextIO, data: bytes) -> None:
    data = shown(data) if is_terminal(out) else data
    binary = getattr(out, "buffer", None)
    if binary is None:
        out.write(data.decode("utf-8", "backslashreplace"))
    else:
        out.flush()
        binary.write(data)
    out.flush()
