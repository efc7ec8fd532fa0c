"""The payload for machines without a C compiler: the same commands and notes as payload.c, but slower to start."""

import os
import signal
import struct
import sys
import time

STARTED = time.monotonic_ns()
NOTE_MAIN, NOTE_BEGIN, NOTE_END = 1, 2, 3


def put(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def flood(note, size: int, total: int, seconds: int) -> None:
    line = b"flood: a line of one hundred bytes, as long as what a web server writes about a request that it ser\n"
    block = (line * (size // 100 + 1))[:size]
    signal.sigwait({signal.SIGUSR1})
    begin, sent = time.monotonic_ns(), 0
    note(NOTE_BEGIN, begin, 0)
    while sent < total and time.monotonic_ns() < begin + seconds * 1_000_000_000:
        put(block)
        sent += size
    put(b"flood: END\n")
    note(NOTE_END, time.monotonic_ns(), sent)


def lines(interval_ms: int) -> None:
    following = time.monotonic()
    while True:
        put(b"x" * 99 + b"\n")
        following += interval_ms / 1000
        time.sleep(max(0.0, following - time.monotonic()))


def listen_to(note, events: int) -> None:
    put(b"READY\n")
    for seen, header in enumerate(sys.stdin.buffer, 1):
        sys.stdin.buffer.read(int(header.split(b"len:")[1].split()[0]))
        if seen == 1:
            note(NOTE_BEGIN, time.monotonic_ns(), seen)
            signal.sigwait({signal.SIGUSR1})
            note(NOTE_BEGIN, time.monotonic_ns(), seen)
        if seen == events:
            note(NOTE_END, time.monotonic_ns(), seen)
        put(b"RESULT 2\nOK")
        put(b"READY\n")


def main(argv: list[str]) -> None:
    job, path, numbers = argv[1], argv[2], [int(word) for word in argv[3:]]
    signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGUSR1} if job in ("flood", "listen") else set())
    notes = os.open(path, os.O_WRONLY)

    def note(kind: int, when_ns: int, count: int) -> None:
        os.write(notes, struct.pack("=4q", kind, os.getpid(), when_ns, count))

    note(NOTE_MAIN, STARTED, 0)
    if job == "flood":
        flood(note, *numbers)
    elif job == "lines":
        lines(*numbers)
    elif job == "listen":
        listen_to(note, *numbers)
    while True:
        signal.pause()


if __name__ == "__main__":
    main(sys.argv)
