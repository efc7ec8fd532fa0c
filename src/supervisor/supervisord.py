"""`python -m supervisor.supervisord`."""

import sys

from vigild.classic.supervisord import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
