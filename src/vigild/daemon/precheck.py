"""`supervisord --check`: would a daemon with this code and this configuration come up?

An upgrade in place asks the new code this before it becomes it: there is no way back from an exec, and a
daemon that cannot read its configuration, or lacks a module it needs an hour later, must not be begun.
"""

import os
import sys
from importlib import import_module
from pkgutil import walk_packages

import vigild
from vigild.config.load import Loaded
from vigild.daemon.arguments import UsageError
from vigild.daemon.late_modules import import_late_modules
from vigild.host.handover import HANDOVER_FORMAT

FLOORS = ("core", "wire", "config", "engine", "host", "control", "fronts", "daemon")


def check(loaded: Loaded) -> int:
    """Say OK on standard output, in the form that an upgrade looks for; 0. Raises UsageError, saying why not."""
    import_everything()
    problem = _log_problem(loaded)
    if problem:
        raise UsageError(problem)
    sys.stdout.write(f"{ok_line()}\n")
    return 0


def ok_line() -> str:
    """What a check says when all is well: which code would run, and what it takes over."""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"OK: Vigil {vigild.__version__} on Python {python}, handover {HANDOVER_FORMAT}"


def import_everything() -> None:
    """Import every module that the daemon may ever need. Raises UsageError naming the first that cannot be."""
    try:
        import_late_modules()
        for floor in FLOORS:
            package = import_module(f"vigild.{floor}")
            for module in walk_packages(package.__path__, f"{package.__name__}."):
                import_module(module.name)
    except Exception as error:  # a broken installation can fail in any way
        place = _place_of(error)
        raise UsageError(
            f"this installation of Vigil is broken: {type(error).__name__}: {error}{place}"
        ) from error


def _place_of(error: BaseException) -> str:
    if isinstance(error, SyntaxError):  # it names its place itself
        return ""
    place = ""
    frame = error.__traceback__
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if not file.startswith("<"):  # the machinery of import
            place = f" ({file}:{frame.tb_lineno})"
        frame = frame.tb_next
    return place


def _log_problem(loaded: Loaded) -> str:
    assert loaded.config is not None
    path = loaded.config.daemon.logfile
    if path == "syslog" or path.startswith("/dev/"):
        return ""
    if os.path.isdir(path):
        return f"cannot open the log file {path}: it is a directory"
    place = path if os.path.exists(path) else os.path.dirname(os.path.abspath(path))
    return "" if os.access(place, os.W_OK) else f"cannot open the log file {path}: {place} cannot be written"
