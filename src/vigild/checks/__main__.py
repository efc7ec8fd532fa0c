"""`python -m vigild.checks`: started by the daemon, where its configuration has monitors."""

from vigild.checks.worker import main

if __name__ == "__main__":
    raise SystemExit(main())
