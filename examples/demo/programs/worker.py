"""A worker that takes one piece of work after the other, and ends between two of them when told to stop."""

import os
import signal
import sys
import time


def main() -> None:
    """Work until SIGTERM."""
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    number, seconds = sys.argv[1], float(os.environ["WORK_SECONDS"])
    done = 0
    while not stopping:
        time.sleep(seconds)  # the work
        done += 1
        print(f"worker {number}: {os.environ['QUEUE']} number {done} done")
    print(f"worker {number}: told to stop, nothing is in hand")


if __name__ == "__main__":
    main()
