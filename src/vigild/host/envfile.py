"""Environment files: `NAME=value` lines in dotenv syntax, read anew for each spawn.

python-dotenv splits the lines. What it takes for a mistake and passes over, fails the spawn here: a program that
starts without its password fails later, and less clearly. Texts of lines are never shown: they hold secrets.
"""

import errno
import io
import os
import re
import stat
from collections.abc import Iterator

from vigild.engine.ports import SpawnFailure

FILE_BYTES_MAX = 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_IN_SINGLE_QUOTES = re.compile(r"\s*(?:export\s+)?(?:'[^']+'|[^=#\s]+)\s*=\s*'")


class _BadFileError(Exception):
    """Why a file cannot be used: errno and words that go on after its path."""

    def __init__(self, number: int, words: str) -> None:
        super().__init__(words)
        self.number = number


def read_environment_files(
    files: tuple[tuple[str, bool], ...], environment: dict[str, str]
) -> SpawnFailure | None:
    """Add the variables of each `(path, whether it may be missing)` to `environment`; later files win.

    `${NAME}` and `${NAME:-default}` stand for what is in `environment` at that line, but in single quotes.
    """
    for path, optional in files:
        try:
            _read_one(path, environment)
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
            return _failure(path, error.number, str(error))
    return None


def _failure(path: str, number: int | None, words: str) -> SpawnFailure:
    return SpawnFailure("environment", number or 0, f"couldn't read envfile {path}{words}")


def _read_one(path: str, environment: dict[str, str]) -> None:
    data = _content(path)
    if not data.strip():
        return
    from dotenv.variables import parse_variables  # late: few programs have such files

    for name, value, is_literal in _bindings(os.fsdecode(data)):
        if is_literal or "${" not in value:
            environment[name] = value
        else:
            environment[name] = "".join(atom.resolve(environment) for atom in parse_variables(value))


def _content(path: str) -> bytes:
    """The bytes of a regular file. A FIFO or a device could keep the daemon waiting. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise _BadFileError(errno.EINVAL, ": not a regular file")
        with open(fd, "rb", closefd=False) as file:
            data = file.read(FILE_BYTES_MAX + 1)
    finally:
        os.close(fd)
    if len(data) > FILE_BYTES_MAX:
        raise _BadFileError(errno.EFBIG, f": larger than {FILE_BYTES_MAX} bytes")
    return data.removeprefix(_BOM)


def _bindings(text: str) -> Iterator[tuple[str, str, bool]]:
    """`(name, value, whether it stood in single quotes)` of each line that sets something."""
    from dotenv.parser import parse_stream

    for binding in parse_stream(io.StringIO(text, newline="")):
        source = binding.original.string
        if binding.error or (binding.key is not None and binding.value is None):
            # Blank lines before it count as part of it.
            blank = source[: len(source) - len(source.lstrip())]
            line = binding.original.line + len(re.findall(r"\r\n|\n|\r", blank))
            raise _BadFileError(errno.EINVAL, f":{line}: not NAME=value, or a quote is not closed")
        if binding.key is not None and binding.value is not None:
            if "\0" in binding.key or "\0" in binding.value:
                raise _BadFileError(errno.EINVAL, f":{binding.original.line}: a NUL byte")
            yield binding.key, binding.value, _IN_SINGLE_QUOTES.match(source) is not None
