"""Users and groups by name and number, and the few other facts about the machine that values depend on."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Protocol

from vigild.config.imports import why_not_importable
from vigild.core.frozen import plain


class Accounts(Protocol):
    """The account database."""

    def user_by_name(self, name: str) -> tuple[int, int] | None:
        """`(uid, primary gid)`, or None."""

    def gid_of_user(self, uid: int) -> int | None:
        """The primary group of a user, or None where there is no such user."""

    def group_by_name(self, name: str) -> int | None:
        """A group's gid, or None."""

    def has_group(self, gid: int) -> bool:
        """Whether the group exists."""

    def home(self, name: str | None) -> str | None:
        """The home directory of a user, or of the calling user for None."""


class SystemAccounts:
    """The accounts of this machine (`pwd`, `grp`)."""

    def user_by_name(self, name: str) -> tuple[int, int] | None:
        import pwd

        try:
            record = pwd.getpwnam(name)
        except (KeyError, ValueError):
            return None
        return record.pw_uid, record.pw_gid

    def gid_of_user(self, uid: int) -> int | None:
        import pwd

        try:
            return pwd.getpwuid(uid).pw_gid
        except (KeyError, OverflowError):
            return None

    def group_by_name(self, name: str) -> int | None:
        import grp

        try:
            return grp.getgrnam(name).gr_gid
        except (KeyError, ValueError):
            return None

    def has_group(self, gid: int) -> bool:
        import grp

        try:
            grp.getgrgid(gid)
        except (KeyError, OverflowError):
            return False
        return True

    def home(self, name: str | None) -> str | None:
        import pwd

        try:
            record = pwd.getpwuid(os.getuid()) if name is None else pwd.getpwnam(name)
        except (KeyError, ValueError):
            return None
        return record.pw_dir


def has_limit(name: str) -> bool:
    """Whether this system has the resource limit `name` (`nofile`, …)."""
    import resource  # late: most configurations set no limits

    # Python has no name for the limit of file locks, which Linux keeps for old programs.
    return hasattr(resource, f"RLIMIT_{name.upper()}") or (name == "locks" and sys.platform == "linux")


@plain
class Surroundings:
    """What the machine says while a configuration is resolved. Tests give their own."""

    environ: Mapping[str, str]
    accounts: Accounts
    host_node_name: str
    uid: int = field(default_factory=os.getuid)
    is_directory: Callable[[str], bool] = os.path.isdir
    why_not_importable: Callable[[str], str] = why_not_importable
    has_limit: Callable[[str], bool] = has_limit
    has_cpu_affinity: bool = hasattr(os, "sched_setaffinity")
    known_directories: set[str] = field(default_factory=set)  # each is looked up once per load

    def expand_user(self, path: str) -> str:
        """`~` and `~name` at the start of a path, as a shell would; unknown names are left alone."""
        if not path.startswith("~"):
            return path
        end = path.find("/")
        end = len(path) if end < 0 else end
        name = path[1:end]
        home = self.environ.get("HOME") if not name else None
        if home is None:
            home = self.accounts.home(name or None)
        if home is None:
            return path
        return (home.rstrip("/") + path[end:]) or "/"

    def normal_path(self, path: str) -> str:
        """Absolute (from the working directory) and without `.` and `..`."""
        return os.path.normpath(os.path.abspath(self.expand_user(path)))

    def has_directory(self, path: str) -> bool:
        """Whether the directory exists."""
        if path in self.known_directories:
            return True
        if self.is_directory(path):
            self.known_directories.add(path)
            return True
        return False
