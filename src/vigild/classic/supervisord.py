"""`supervisord`: the daemon under its classic name."""

import os
import sys


def _open_standard_descriptors() -> None:
    """Whoever starts us may have closed 0, 1 or 2. The next file opened would get that number, and its fate."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            os.set_inheritable(opened, True)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as we live
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def main() -> int:
    """Run the daemon; the exit status is Supervisor's: 0 for a clean end, 2 for what cannot be started."""
    _open_standard_descriptors()
    import gc

    gc.disable()  # what is made while starting stays: looking through it again and again only costs
    from vigild.daemon.lean_imports import lean_imports

    with lean_imports():
        from vigild.daemon.main import run

    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
