"""`python -m tests.soak --minutes 10`: the long form of the soak."""

import argparse
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--warm-up-minutes", type=float, default=1.0)
    options = parser.parse_args()
    sys.path.insert(0, str(TESTS))
    from soak.soak import Soak

    with tempfile.TemporaryDirectory(prefix="vigil-soak-") as directory:
        outcome = Soak(Path(directory)).run(options.warm_up_minutes * 60, options.minutes * 60)
    print(outcome.text())
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
