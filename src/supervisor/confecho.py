"""`python -m supervisor.confecho`: print a sample configuration."""

import sys

from vigild.classic.echo_supervisord_conf import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
