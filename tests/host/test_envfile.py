"""Environment files: what is read, in which order, and what is refused with its line."""

import errno
import os
from pathlib import Path

import pytest

from vigild.engine.ports import SpawnFailure
from vigild.host import envfile
from vigild.host.envfile import read_environment_files


def refused(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / ".env"
    path.write_bytes(content)
    environment: dict[str, str] = {}
    failed = read_environment_files(((str(path), False),), environment)
    assert failed is not None
    assert failed.stage == "environment"
    return failed.text.removeprefix(f"couldn't read envfile {path}")


def test_later_files_win_and_optional_ones_may_be_missing(tmp_path: Path) -> None:
    for name, text in (("one", "A=1\nB=1\n"), ("two", "B=2\nC=${B}${D}\n")):
        (tmp_path / name).write_text(text)
    files = tuple((str(tmp_path / name), name == "none") for name in ("one", "none", "two"))
    environment = {"B": "0", "C": "0", "D": "0"}
    assert read_environment_files(files, environment) is None
    assert environment == {"A": "1", "B": "2", "C": "20", "D": "0"}


def test_bytes_that_are_not_utf8_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")
    environment: dict[str, str] = {}
    assert read_environment_files(((str(tmp_path / ".env"), False),), environment) is None
    assert os.fsencode(environment["A"]) == b"\xff\xfe"


def test_a_bad_line_is_named_by_file_and_number(tmp_path: Path) -> None:
    words = ":4: not NAME=value, or a quote is not closed"
    assert refused(tmp_path, b"A=1\n\n\nsecret\n") == words


def test_a_file_without_end_is_refused(tmp_path: Path) -> None:
    content = b"A=" + b"x" * envfile.FILE_BYTES_MAX
    assert refused(tmp_path, content) == f": larger than {envfile.FILE_BYTES_MAX} bytes"


def test_a_file_that_is_not_there_or_no_file(tmp_path: Path) -> None:
    missing = str(tmp_path / "none")
    assert read_environment_files(((missing, False),), {}) == SpawnFailure(
        "environment",
        errno.ENOENT,
        f"couldn't read envfile {missing}: ENOENT (create it, or write -{missing} for a file that may be missing)",
    )
    os.mkfifo(tmp_path / "fifo")
    failed = read_environment_files(((str(tmp_path / "fifo"), True),), {})
    assert failed is not None
    assert failed.text.endswith("/fifo: not a regular file")
    failed = read_environment_files(((str(tmp_path), False),), {})
    assert failed is not None
    assert failed.text == f"couldn't read envfile {tmp_path}: not a regular file"


def test_a_loop_of_links_is_an_error_even_where_the_file_may_be_missing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    failed = read_environment_files(((str(tmp_path / "loop"), True),), {})
    assert failed is not None
    assert "ELOOP" in failed.text


def test_a_parser_that_cannot_be_imported_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "dotenv.parser", None)
    assert "restart the daemon" in refused(tmp_path, b"A=1\n")
