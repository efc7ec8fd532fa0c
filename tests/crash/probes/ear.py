"""An event listener: ear.py NAME NOTES. Notes its start as instance.sh does, and each event as `EVENT NAME PID SERIAL WHAT`."""

import fcntl
import os
import sys

name, notes_path = sys.argv[1], sys.argv[2]
notes = os.open(notes_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def note(*words: str) -> None:
    os.write(notes, (" ".join(words) + "\n").encode())


note("START", name, str(os.getpid()))
lock = os.open(f"{notes_path}.{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("DOUBLE", name, str(os.getpid()))
while True:
    os.write(1, b"READY\n")
    header = sys.stdin.readline()
    if not header:
        break
    tokens = dict(token.split(":", 1) for token in header.split())
    payload = sys.stdin.read(int(tokens["len"])).split()
    note(
        "EVENT", name, str(os.getpid()), tokens["serial"], tokens["eventname"], payload[-1] if payload else ""
    )
    os.write(1, b"RESULT 2\nOK")
