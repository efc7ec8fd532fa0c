"""Giving memory back: what the start needed and nothing needs any more."""

import sys


def give_back() -> bool:
    """Return the allocator's free pages to the system: about 0.8 MiB after a start. False where that is not offered.

    glibc keeps them otherwise. It needs ctypes, which is loaded by then (`host/subreaper.py`).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        from ctypes import CDLL

        return bool(CDLL(None).malloc_trim(0))
    except (ImportError, OSError, AttributeError):
        return False
