"""supervisord, killed by SIGKILL at a write point of its journal: the one numbered CRASH_AT (none: it runs to its end).

Each write to the journal has two points: before it is written, and after. CRASH_POINTS is a file that gets a line for each
point passed. What is wrapped is the journal of the real daemon; all else is the real daemon too.
"""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from vigild.classic.supervisord import main
from vigild.host.journal import Journal

crash_at = int(os.environ.pop("CRASH_AT"))
points = os.open(os.environ.pop("CRASH_POINTS"), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
passed = 0


def reach(when: str, what: str) -> None:
    global passed
    passed += 1
    os.write(points, f"{passed} {when} {what}\n".encode())
    if passed == crash_at:
        os.kill(os.getpid(), signal.SIGKILL)


def wrap(name: str) -> None:
    original: Callable[..., Any] = getattr(Journal, name)

    def wrapped(self: Journal, *arguments: bytes) -> None:
        what = f"{name} {bytes(arguments[0][:60])!r}" if arguments else name
        reach("before", what)
        original(self, *arguments)
        reach("after", what)

    setattr(Journal, name, wrapped)


for method in ("append", "compact", "remove"):
    wrap(method)
sys.exit(main())
