"""Put on PYTHONPATH by the import budget: writes down sys.modules when the first process is made."""

import _posixsubprocess
import os
import sys


def _report() -> None:
    path = os.environ.pop("BENCH_IMPORT_REPORT", "")
    if path:
        names = ", ".join(f'"{name}"' for name in sorted(sys.modules) if name != "sitecustomize")
        with open(path, "w") as target:
            target.write(f"[{names}]")


def _noting(function):
    def noted(*arguments, **named):
        _report()
        return function(*arguments, **named)

    return noted


_posixsubprocess.fork_exec = _noting(_posixsubprocess.fork_exec)
os.fork = _noting(os.fork)
os.posix_spawn = _noting(os.posix_spawn)
