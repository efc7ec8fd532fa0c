"""`supervisord`: the daemon under its classic name."""

import sys


def main() -> int:
    """Run the daemon; the exit status is Supervisor's: 0 for a clean end, 2 for what cannot be started."""
    import gc

    gc.disable()  # what is made while starting stays: looking through it again and again only costs
    # asyncio would import ssl (4 MiB, 10 ms) although nothing here uses it: it takes an ImportError for an
    # answer. Whoever needs ssl later, a plugin for one, can import it as usual.
    blocked = "ssl" not in sys.modules
    if blocked:
        sys.modules["ssl"] = None  # type: ignore[assignment]
    import asyncio  # noqa: F401

    if blocked:
        del sys.modules["ssl"]
    from vigild.daemon.main import run

    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
