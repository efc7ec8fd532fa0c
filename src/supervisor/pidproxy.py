"""`python -m supervisor.pidproxy`."""

import sys

from vigild.classic.pidproxy import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
