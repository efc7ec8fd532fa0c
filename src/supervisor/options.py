"""Names and small helpers from here that clients and listeners use. Reading configuration is not among them."""

import os
import signal

from vigild.core.compat import SUPERVISOR_VERSION as VERSION
from vigild.core.names import make_namespec as _make_namespec
from vigild.core.names import split_namespec as _split_namespec

__all__ = [
    "VERSION",
    "decode_wait_status",
    "expand",
    "make_namespec",
    "normalize_path",
    "signame",
    "split_namespec",
]


def make_namespec(group_name: str, process_name: str) -> str:
    """`group:process`, or just the name where the two are the same."""
    return _make_namespec(group_name, process_name)


def split_namespec(namespec: str) -> tuple[str, str | None]:
    """Group and process; the process is None for a whole group."""
    return _split_namespec(namespec)


def normalize_path(v: str) -> str:
    """An absolute path, with `~` expanded."""
    return os.path.normpath(os.path.abspath(os.path.expanduser(v)))


def signame(sig: int) -> str:
    """`SIGTERM` for 15; `signal N` for a number without a name."""
    try:
        return signal.Signals(sig).name
    except ValueError:
        return f"signal {sig}"


def decode_wait_status(sts: int) -> tuple[int, str]:
    """Exit status (-1 if a signal ended it) and a description, from what `os.waitpid` returned."""
    if os.WIFEXITED(sts):
        status = os.WEXITSTATUS(sts)
        return status, f"exit status {status}"
    if os.WIFSIGNALED(sts):
        core = " (core dumped)" if os.WCOREDUMP(sts) else ""
        return -1, f"terminated by {signame(os.WTERMSIG(sts))}{core}"
    return -1, f"unknown termination cause 0x{sts:04x}"


def expand(s: str, expansions: dict[str, object], name: str) -> str:
    """Replace `%(x)s` in `s`. ValueError names what `name` wanted and what there is."""
    try:
        return s % expansions
    except KeyError as error:
        known = ", ".join(sorted(expansions))
        raise ValueError(
            f"Format string {s!r} for {name!r} contains names ({error}) which cannot be expanded. Available names: {known}"
        ) from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"Format string {s!r} for {name!r} is badly formatted: {error}") from None
