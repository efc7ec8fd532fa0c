"""Environment files, read anew for each spawn."""

import errno
import os
import stat

from vigild.engine.ports import SpawnFailure
from vigild.wire.envfile import BadLineError, parse

FILE_BYTES_MAX = 1024 * 1024


class _BadFileError(Exception):
    """Why a file cannot be used, in words."""

    def __init__(self, number: int, words: str) -> None:
        super().__init__(words)
        self.number = number


def read_environment_files(
    files: tuple[tuple[str, bool], ...], environment: dict[str, str]
) -> SpawnFailure | None:
    """Add the variables of each `(path, whether it may be missing)` to `environment`; later files win.

    A reference in a value finds what is in `environment` at that line.
    """
    for path, optional in files:
        try:
            for assignment in parse(os.fsdecode(_content(path))):
                environment[assignment.name] = assignment.resolve(environment)
        except FileNotFoundError as error:
            if not optional:
                hint = f"create it, or write -{path} for a file that may be missing"
                return _failure(path, error.errno, f": ENOENT ({hint})")
        except OSError as error:
            code = errno.errorcode.get(error.errno or 0, str(error.errno))
            return _failure(path, error.errno, f": {code} ({error.strerror})")
        except ImportError as error:  # a daemon that gave up root may not be able to read its own Python
            return _failure(path, 0, f": {error}; restart the daemon")
        except _BadFileError as error:
            return _failure(path, error.number, f": {error}")
        except BadLineError as error:
            return _failure(path, errno.EINVAL, f":{error.line}: {error}")
    return None


def _failure(path: str, number: int | None, words: str) -> SpawnFailure:
    return SpawnFailure("environment", number or 0, f"couldn't read envfile {path}{words}")


def _content(path: str) -> bytes:
    """The bytes of a regular file. A FIFO or a device could keep the daemon waiting. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise _BadFileError(errno.EINVAL, "not a regular file")
        with open(fd, "rb", closefd=False) as file:
            data = file.read(FILE_BYTES_MAX + 1)
    finally:
        os.close(fd)
    if len(data) > FILE_BYTES_MAX:
        raise _BadFileError(errno.EFBIG, f"larger than {FILE_BYTES_MAX} bytes")
    return data
