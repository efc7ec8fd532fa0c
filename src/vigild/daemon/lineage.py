"""What a daemon is that executes itself anew: one process, in several images of its code, one after the other."""

import os
import sys
import time
from collections.abc import MutableMapping
from dataclasses import field

import vigild
from vigild.core.frozen import frozen, plain
from vigild.host.handover import HANDOVER_VARIABLE, Handover, receive

# What systemd passes to the process that it started is for its first image: the others get it by handover.
FIRST_IMAGE_VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID")


@frozen
class Image:
    """How this process was started, so that it can be started so again: whatever is at these places then."""

    executable: str  # the interpreter; empty when it does not know its own name
    arguments: tuple[str, ...]  # all after the interpreter's name: its flags, the script, our flags
    directory: str  # where it was; names may be relative to it. Empty when that could not be told
    environment: dict[str, str] = field(repr=False)

    @property
    def argv(self) -> list[str]:
        """For exec."""
        return [self.executable, *self.arguments]


@plain
class Lineage:
    """Where this image stands in the row. `generation` 0 is the one that was started; walls are since the epoch."""

    image: Image
    started_wall: float
    generation: int = 0
    former_version: str = ""  # of the image before this one
    handover: Handover | None = None  # until the first life has taken it
    pidfile: str = ""  # which we have written


def begin(environ: MutableMapping[str, str]) -> Lineage:
    """Look at how this process was started. To be called before it changes its directory or environment."""
    handover = receive(environ)
    environ.pop(HANDOVER_VARIABLE, None)
    try:
        directory = os.getcwd()
    except OSError:  # it has been removed
        directory = ""
    kept = {name: value for name, value in environ.items() if name not in FIRST_IMAGE_VARIABLES}
    image = Image(sys.executable or "", tuple(sys.orig_argv[1:]), directory, kept)
    if handover is None:
        return Lineage(image, time.time())
    return Lineage(
        image,
        handover.number("started") or time.time(),
        handover.number("generation"),
        handover.text("version"),
        handover,
        handover.text("pidfile"),
    )


def facts_for_the_next(lineage: Lineage) -> dict[str, bytes]:
    """What the next image needs to know to be the next of this lineage."""
    return {
        "started": b"%d" % int(lineage.started_wall),
        "generation": b"%d" % (lineage.generation + 1),
        "version": vigild.__version__.encode(),
        "pidfile": os.fsencode(lineage.pidfile),
    }
