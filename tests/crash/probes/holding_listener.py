"""An event listener that does not answer before the file GO exists: RECORD gets each payload as it comes.

    holding_listener.py RECORD GO

Each line of RECORD is `GOT PID SERIAL PAYLOAD`, or `ANSWERED …` once the pipe has taken the answer.
"""

import os
import sys
import time

record, go = sys.argv[1], sys.argv[2]
with open(record, "a", buffering=1) as seen:
    while True:
        os.write(1, b"READY\n")
        header = sys.stdin.readline()
        if not header:
            break
        tokens = dict(token.split(":", 1) for token in header.split())
        payload = sys.stdin.read(int(tokens["len"]))
        what = f"{os.getpid()} {tokens['serial']} {payload.splitlines()[-1]}\n"
        seen.write(f"GOT {what}")
        while not os.path.exists(go):
            time.sleep(0.01)
        os.write(1, b"RESULT 2\nOK")
        seen.write(f"ANSWERED {what}")
