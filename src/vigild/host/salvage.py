"""How much of a batch a log has got already: asked when the daemon that was writing it is dead.

The log is known by device and inode, since it may have been renamed meanwhile, by us or by others. What
stands in it after its length of before is compared with the batch, not merely counted: somebody else may
have written to it as well.
"""

import os
from collections.abc import Iterator

from vigild.host.flight import Mark

LOOK_BYTES = 1 << 20  # of what others wrote, at most
SURE_BYTES = 8  # as many bytes in a row are not somebody else's by chance


def bytes_in_log(path: str, mark: Mark, data: bytes) -> int:
    """How many bytes of `data`, from its beginning, the log at `path` got since it was as `mark` says.

    0 when it cannot be known: no regular file, gone, unreadable, or emptied meanwhile.
    """
    device, inode, size = mark
    if not inode:
        return 0
    for candidate in _candidates(path):
        try:
            facts = os.stat(candidate)
            if (facts.st_dev, facts.st_ino) == (device, inode):
                length = min(facts.st_size - size, 2 * len(data) + LOOK_BYTES)
                return _matching(_read(candidate, size, length), data)
        except OSError:
            pass
    return 0


def _candidates(path: str) -> Iterator[str]:
    """Where the log can be: under its name, else beside it under a name that begins with its own."""
    yield path
    directory, name = os.path.split(path)
    try:
        names = os.listdir(directory)
    except OSError:
        return
    stem = name.partition(".")[0]
    others = sorted(other for other in names if other.startswith(stem) and other != name)
    yield from (os.path.join(directory, other) for other in others)


def _read(path: str, start: int, length: int) -> bytes:
    with open(path, "rb") as file:
        file.seek(start)
        return file.read(max(length, 0))


def _matching(grown: bytes, data: bytes) -> int:
    """How much of `data` is in what the log has grown by."""
    shorter = min(len(grown), len(data))
    if grown[:shorter] == data[:shorter]:
        return shorter
    # Somebody else wrote, too: before us (then ours is there in one piece, if at all), or after us.
    common = next(place for place in range(shorter) if grown[place] != data[place])
    if common >= SURE_BYTES:
        return common
    return len(data) if len(data) >= SURE_BYTES and data in grown else 0
