"""An event listener that writes down what it gets. Standard library only.

usage: listener.py RECORD [WORD...]

Each event becomes one JSON line in RECORD. The words are the answers to the first events, in turn; after
them every event is answered with `ok`. A word is: `ok`, `fail`, `other` (a result that is neither),
`violate` (bytes outside the protocol), `bad-result` (a RESULT line that is none), `die` (exit without an
answer), `hang` (never answer again).
"""

import json
import os
import sys


def read_event() -> tuple[dict[str, str], bytes]:
    """One event: its header and its payload in bytes. Ends the program at the end of input."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit(0)
        line += byte
    header = dict(part.split(":", 1) for part in line.decode().split())
    payload = b""
    while len(payload) < int(header["len"]):
        payload += os.read(0, int(header["len"]) - len(payload))
    return header, payload


def answer(word: str) -> None:
    """Say to the daemon what the word means."""
    if word == "die":
        os._exit(3)
    if word == "hang":
        while os.read(0, 4096):
            pass
        os._exit(0)
    said = {
        "ok": b"RESULT 2\nOK",
        "fail": b"RESULT 4\nFAIL",
        "other": b"RESULT 5\nOTHER",
        "violate": b"what is this\n",
        "bad-result": b"RESULT many\nOK",
    }[word]
    os.write(1, said)


def main() -> None:
    """Serve events until the end of input."""
    words = list(sys.argv[2:])
    while True:
        os.write(1, b"READY\n")
        header, payload = read_event()
        with open(sys.argv[1], "a", encoding="utf-8") as record:
            record.write(json.dumps([header, payload.decode("utf-8", "backslashreplace")]) + "\n")
        answer(words.pop(0) if words else "ok")


main()
