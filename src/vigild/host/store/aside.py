"""A database that is of no use is kept under another name."""

import os

SET_ASIDE = ".unreadable"


def set_aside(path: str) -> str:
    """Rename a file that is of no use, with what belongs to it; its new name. Raises OSError."""
    aside = path + SET_ASIDE
    os.rename(path, aside)
    for suffix in ("-wal", "-shm"):
        try:
            os.rename(path + suffix, aside + suffix)
        except FileNotFoundError:
            pass
    return aside
