"""Orphans come to us: what a program leaves behind becomes the daemon's child when its parent ends."""

import os
import sys

PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> bool:
    """From now on, orphaned descendants are ours to know of and to reap. False where the system cannot do that.

    Process 1 is that anyhow. It costs two milliseconds (ctypes), so it is done when the first programs run.
    """
    if os.getpid() == 1:
        return True
    if not sys.platform.startswith("linux"):
        return False
    try:
        from ctypes import CDLL, c_int, c_ulong

        return bool(
            CDLL(None).prctl(c_int(PR_SET_CHILD_SUBREAPER), c_ulong(1), c_ulong(0), c_ulong(0), c_ulong(0))
            == 0
        )
    except (ImportError, OSError, AttributeError):
        return False
