"""numbered_writer.c in Python, for machines without a C compiler: the same arguments, lines and notes."""

import fcntl
import mmap
import os
import signal
import sys
import time

name, notes_path = sys.argv[1], sys.argv[2]
width, a_write, a_second, burst_lines = (
    int(sys.argv[3]),
    int(sys.argv[4]),
    float(sys.argv[5]),
    int(sys.argv[6]),
)
notes = os.open(notes_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
errors: list[int] = []
HELD = (signal.SIGTERM, signal.SIGUSR1)


def note(what: str, *more: int) -> None:
    os.write(notes, " ".join([what, name, str(os.getpid()), *map(str, more)]).encode() + b"\n")


def put(data: bytes, written: int) -> None:
    done = 0
    while done < len(data):
        try:
            done += os.write(1, data[done:])
        except OSError as error:
            errors.append(error.errno or 0)
            if len(errors) <= 3:
                note("ERROR", error.errno or 0, written + done // width + 1)
            return
        progress[:8] = (written + done // width).to_bytes(8, sys.byteorder)


signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
lock = os.open(f"{notes_path}.{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("DOUBLE")
progress_file = os.open(f"{notes_path}.{name}.{os.getpid()}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
os.ftruncate(progress_file, 16)
progress = mmap.mmap(progress_file, 16)
note("START")
began = time.monotonic()
number = steady = extra = 0
while True:
    due = int((time.monotonic() - began) * a_second) - steady
    count = min(due + extra, a_write)
    if count > 0:
        heads = (f"{name} {os.getpid()} {number + line + 1:010d} ".encode() for line in range(count))
        put(b"".join(head.ljust(width - 1, b"x") + b"\n" for head in heads), number)
        number += count
        progress[8:] = number.to_bytes(8, sys.byteorder)
        from_extra = min(count, extra)
        extra -= from_extra
        steady += count - from_extra
    pause = 0.0 if extra > 0 or count > due else (0.9 / a_second if a_second > 0 else 3600.0)
    got = signal.sigtimedwait(HELD, pause)
    if got is not None and got.si_signo == signal.SIGUSR1:
        extra += burst_lines
    elif got is not None:
        break
note("END")
