"""A program with a fault: after some seconds it dies."""

import random
import sys
import time


def main() -> None:
    """Work for four to nine seconds, then crash."""
    print("working")
    time.sleep(random.uniform(4, 9))
    print("cannot go on: the disk of my dreams is full", file=sys.stderr)
    sys.exit(3)


if __name__ == "__main__":
    main()
