"""echo_supervisord_conf: print a sample configuration with every section and option."""

import os
import sys
from typing import TextIO

SAMPLE = os.path.join(os.path.dirname(__file__), "sample.conf")


def main(out: TextIO | None = None) -> int:
    """Print it; returns the exit status."""
    with open(SAMPLE, encoding="utf-8") as file:
        (out or sys.stdout).write(file.read())
    return 0


if __name__ == "__main__":
    sys.exit(main())
