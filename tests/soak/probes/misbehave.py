"""The programs of the soak, each bad in its own way: `misbehave.py JOB`."""

import os
import random
import signal
import sys
import time

LINE = b"flood: one more line of output that nobody will ever read, but the daemon has to carry it all the same\n"
CAPTURE = b"<!--XSUPERVISOR:BEGIN-->%d bytes of nothing<!--XSUPERVISOR:END-->\n"


def crash() -> None:
    """Lives for a moment and dies: by an exit code or a signal."""
    time.sleep(random.uniform(0.02, 0.2))
    if random.random() < 0.5:
        os.kill(os.getpid(), random.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM]))
    sys.exit(random.randrange(4))


def flood() -> None:
    """Bursts of output on both streams, with a capture now and then."""
    while True:
        for _ in range(20):
            os.write(1, LINE * 300)
        os.write(2, LINE * 10)
        os.write(1, CAPTURE % random.randrange(10_000))
        time.sleep(0.1)


def stubborn() -> None:
    """Ends only by SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    while True:
        signal.pause()


def fork() -> None:
    """Makes children that outlive it for a moment, some in sessions of their own, and never reaps them."""
    while True:
        for _ in range(3):
            if os.fork() == 0:
                if random.random() < 0.5:
                    os.setsid()
                time.sleep(random.uniform(0.05, 0.5))
                os._exit(0)
        time.sleep(0.2)
        if random.random() < 0.3:
            os._exit(7)


def echo() -> None:
    """Says back what it is told."""
    for line in sys.stdin.buffer:
        os.write(1, line)


def listen() -> None:
    """An event listener that mostly accepts, sometimes refuses, and dies now and then."""
    while True:
        os.write(1, b"READY\n")
        header = sys.stdin.buffer.readline()
        if not header:
            return
        sys.stdin.buffer.read(int(header.split(b"len:")[1].split()[0]))
        chance = random.random()
        if chance < 0.01:
            sys.exit(1)
        os.write(1, b"RESULT 4\nFAIL" if chance < 0.03 else b"RESULT 2\nOK")


if __name__ == "__main__":
    {job.__name__: job for job in (crash, flood, stubborn, fork, echo, listen)}[sys.argv[1]]()
