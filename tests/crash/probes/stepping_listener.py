"""A listener that takes each step of the protocol when it is given leave, and notes every event it gets.

    stepping_listener.py CONTROL NOTES [split]

Each byte in the FIFO CONTROL allows one step: READY, then (after the event) RESULT, and so on. With `split` both
are said in two pieces, each with leave of its own. A line of NOTES is `PID SERIAL POOL-SERIAL PAYLOAD`.
"""

import os
import sys

control = os.open(sys.argv[1], os.O_RDWR)
notes = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
SPLIT = sys.argv[3:] == ["split"]


def say(text: bytes) -> None:
    half = len(text) // 2 if SPLIT else len(text)
    for piece in filter(None, (text[:half], text[half:])):
        os.read(control, 1)
        os.write(1, piece)


def read(count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += os.read(0, count - len(data))
    return data


while True:
    say(b"READY\n")
    header = b""
    while not header.endswith(b"\n"):
        header += read(1)
    fields = dict(word.split(":", 1) for word in header.decode().split())
    payload = read(int(fields["len"])).decode().partition("\n")[2]
    os.write(notes, f"{os.getpid()} {fields['serial']} {fields['poolserial']} {payload[:20]}\n".encode())
    say(b"RESULT 2\nOK")
