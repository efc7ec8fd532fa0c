"""`python -m vigild.alerts`: started by the daemon, and by nobody else."""

import os
import sys
from importlib import import_module

from vigild.alerts.loop import run

if __name__ == "__main__":
    status = run(import_module("vigild.alerts.senders.dispatch").send)
    sys.stderr.flush()
    os._exit(status)  # a receiver that hangs must not hold it up
