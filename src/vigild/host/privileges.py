"""What the daemon does to itself at start: user, limits, background, pidfile."""

import os
import sys
from collections.abc import Callable

from vigild.engine.ports import Log


def drop_privileges(user: str | int | None) -> str | None:
    """Become `user` (a name or a uid), with its groups. None if done, else why not, in Supervisor's words."""
    import pwd

    if user is None:
        return "No user specified to setuid to!"
    try:
        uid = int(user)
    except ValueError:
        try:
            record = pwd.getpwnam(str(user))
        except KeyError:
            return f"Can't find username {user!r}"
        uid = record.pw_uid
    else:
        try:
            record = pwd.getpwuid(uid)
        except KeyError:
            return f"Can't find uid {uid!r}"
    if os.getuid() == uid:
        return None
    if os.getuid() != 0:
        return "Can't drop privilege as nonroot user"
    try:
        os.setgroups(os.getgrouplist(record.pw_name, record.pw_gid))
    except OSError:
        return "Could not set groups of effective user"
    try:
        os.setgid(record.pw_gid)
    except OSError:
        return "Could not set group id of effective user"
    os.setuid(uid)
    return None


def raise_limits(min_fds: int, min_processes: int) -> tuple[list[str], str | None]:
    """Raise the soft limits to what the configuration asks for: `(what was done, why it is refused or None)`."""
    import resource

    done: list[str] = []
    for kind, name, minimum, option, remedy in (
        (resource.RLIMIT_NOFILE, "RLIMIT_NOFILE", min_fds, "minfds", "open file descriptors (ulimit -n)"),
        (resource.RLIMIT_NPROC, "RLIMIT_NPROC", min_processes, "minprocs", "processes (ulimit -u)"),
    ):
        soft, hard = resource.getrlimit(kind)
        if soft == resource.RLIM_INFINITY or soft >= minimum:
            continue
        wanted_hard = hard if hard == resource.RLIM_INFINITY or hard >= minimum else minimum
        try:
            resource.setrlimit(kind, (minimum, wanted_hard))
        except (OSError, ValueError):
            return done, (
                f"{option} is {minimum}, but this environment allows only {hard} {remedy}; "
                f"raise that limit, or lower {option} in [supervisord]"
            )
        done.append(f"Increased {name} limit to {minimum}")
    return done, None


def daemonize(
    log: Log,
    directory: str | None,
    umask: int,
    *,
    before_leaving: Callable[[int], None] | None = None,
) -> None:
    """Go on in the background: the caller returns in a child, in its own session, on /dev/null.

    `before_leaving` is told the child's pid in the process that ends here, which alone is believed by a
    service manager that watches it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        if before_leaving is not None:
            before_leaving(child)
        os._exit(0)
    log.info("daemonizing the supervisord process")
    if directory:
        enter_directory(directory, log)
    null_fd = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null_fd, fd)
    if null_fd > 2:
        os.close(null_fd)
    os.setsid()
    os.umask(umask)


def enter_directory(directory: str, log: Log) -> None:
    """Change to the configured directory, or say why not and stay."""
    try:
        os.chdir(directory)
    except OSError as error:
        log.critical(f"can't chdir into {directory!r}: {error}")
    else:
        log.info(f"set current directory: {directory!r}")


def write_pidfile(path: str, log: Log) -> bool:
    """Write our pid; True if the file is now ours to remove."""
    pid = os.getpid()
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{pid}\n")
    except OSError:
        log.critical(f"could not write pidfile {path}")
        return False
    log.info(f"supervisord started with pid {pid}")
    return True


def remove_pidfile(path: str) -> None:
    """Remove the pidfile if it still names us."""
    try:
        with open(path, encoding="utf-8") as file:
            if file.read().strip() != str(os.getpid()):
                return
        os.unlink(path)
    except (OSError, UnicodeDecodeError):
        pass
