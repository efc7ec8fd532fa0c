"""`python -m vigild.forwards`: started by the daemon, and by nobody else."""

import os
import sys

from vigild.forwards.senders.dispatch import sender_for
from vigild.forwards.worker import run

READ_BYTES = 256 << 10

if __name__ == "__main__":
    with open(0, "rb", buffering=READ_BYTES, closefd=False) as stdin:
        status = run(sender_for, stdin, 1)
    sys.stderr.flush()
    os._exit(status)  # a receiver that hangs must not hold it up
