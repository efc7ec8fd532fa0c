"""The monitor process: JSON lines from the daemon on stdin, readings to it on stdout.

To it: `{"type": "config", "monitors": […]}` (these and no others) and `{"type": "look", "monitor": NAME}`. From it:
`{"type": "reading", "monitor": NAME, "at": …, "values": {…}, "error": "", "cannot": "", "memory": {…}}`. It ends at the end of
its stdin, with whatever it runs: the daemon is gone, and the next one starts its own.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping

from vigild.checks.programs import COMMANDS
from vigild.checks.reading import Memory, Reading
from vigild.checks.schedule import Order, Schedule

READ_BYTES = 64 << 10
MAX_LINE_BYTES = 8 << 20


class Worker:
    """Between the pipes. `out` is where messages to the daemon go."""

    def __init__(self, out: int) -> None:
        self._out = out
        self._buffer = b""
        self._schedule = Schedule(self._tell)
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def feed(self, data: bytes) -> None:
        """Bytes from the daemon; none: it is gone."""
        if not data:
            self._end()
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > MAX_LINE_BYTES:
            sys.stderr.write("a message is too long, and is dropped\n")
            self._buffer = b""
        for line in lines:
            self._follow(line)

    def _follow(self, line: bytes) -> None:
        try:
            message = json.loads(line)
            match message["type"]:
                case "config":
                    self._schedule.follow([_ordered(item) for item in message["monitors"]])
                case "look":
                    self._schedule.look_now(message["monitor"])
                case other:
                    sys.stderr.write(f"a message of an unknown type: {other!r}\n")
        except (ValueError, KeyError, TypeError) as error:
            sys.stderr.write(f"not a message: {type(error).__name__}: {error}\n")

    def _tell(self, name: str, at: float, reading: Reading) -> None:
        message = {
            "type": "reading",
            "monitor": name,
            "at": round(at, 3),
            "values": reading.values,
            "error": reading.error,
            "cannot": reading.cannot,
            "memory": dict(reading.memory),
        }
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._out, line) :]
        except BrokenPipeError:
            self._end()

    def _end(self) -> None:
        self._schedule.close()
        if not self.ended.done():
            self.ended.set_result(None)


def _ordered(item: Mapping[str, object]) -> tuple[Order, Memory]:
    memory = item.get("memory")
    return Order.from_message(item), memory if isinstance(memory, dict) else {}


async def run(inlet: int, out: int) -> None:
    """Until the end of `inlet`."""
    loop = asyncio.get_running_loop()
    worker = Worker(out)
    os.set_blocking(inlet, False)

    def readable() -> None:
        try:
            data = os.read(inlet, READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            loop.remove_reader(inlet)
        worker.feed(data)

    loop.add_reader(inlet, readable)
    try:
        await worker.ended
    finally:
        COMMANDS.end_all()


def main() -> int:
    """Serve one daemon."""
    out = os.dup(1)
    os.dup2(2, 1)  # whatever else prints something must not come between messages
    asyncio.run(run(0, out))
    sys.stderr.flush()
    os._exit(0)  # a thread that hangs is not waited for
