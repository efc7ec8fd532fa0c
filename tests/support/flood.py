"""Floods through FIFOs, and a reader that is killed at random moments.

`python -m support.flood read DIRECTORY COUNT`: read COUNT streams, `0` … in DIRECTORY, each to `N.log` with rotation,
until killed. `python -m support.flood write FIFO LINES`: numbered lines of many lengths as fast as the FIFO takes them.
"""

import asyncio
import os
import sys

from support.machine import ListLog
from vigild.engine.ports import StreamPlan
from vigild.host.journal import open_journal, read_journal
from vigild.host.logfiles import ChildLogs
from vigild.host.streams import StreamHub
from vigild.host.syslog import Syslog


def line(number: int) -> bytes:
    """Line `number`, which nobody can mistake for another."""
    return b"%d %b\n" % (number, b"x" * (number * 7919 % 300))


def write(fifo: str, count: int) -> None:
    """All lines, some of them in pieces."""
    fd = os.open(fifo, os.O_RDWR)
    for start in range(0, count, 50):
        data = b"".join(line(number) for number in range(start, min(start + 50, count)))
        while data:
            data = data[os.write(fd, data[: 1 + start * 131 % 9000]) :]
    os.close(fd)


async def read(directory: str, count: int) -> None:
    """Every second stream has a head before each line."""
    entries, _ = read_journal(directory)
    log = ListLog()
    loop = asyncio.get_running_loop()
    logs = ChildLogs(directory, "test", log, loop=loop)
    journal = open_journal(directory, entries, log)
    hub = StreamHub(loop, logs, Syslog(), directory=directory, journal=journal)
    for number in range(count):
        plan = StreamPlan("stdout", f"{directory}/{number}.log", max_bytes=1 << 20, backups=100)
        plan.line_prefix = b"> " if number % 2 else b""
        hub.adopt(f"{directory}/{number}", plan)
    hub.start()
    print("up", flush=True)
    await loop.create_future()


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]))
    else:
        asyncio.run(read(sys.argv[2], int(sys.argv[3])))
