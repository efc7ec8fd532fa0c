import hashlib
import os
import socket
import time
from pathlib import Path

import pytest

from vigild.checks.files import DirectoryCheck, FileCheck


def test_what_a_file_is_like(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"hello")
    path.chmod(0o640)
    os.utime(path, (1000, time.time() - 100))
    values = FileCheck({"path": str(path)}, {}).look().values
    assert (values["exists"], values["size"], values["mode"], values["kind"]) == (True, 5, "0640", "file")
    assert 100 <= values["age"] < 130
    assert values["owner"] in ("root", values["owner"])


def test_a_file_that_is_not_there_fails_and_says_so(tmp_path: Path) -> None:
    reading = FileCheck({"path": f"{tmp_path}/no"}, {}).look()
    assert reading.values == {"exists": False}
    assert reading.error == f"{tmp_path}/no does not exist"


def test_an_owner_without_a_name_is_a_number(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to give files away")
    path = tmp_path / "f"
    path.touch()
    os.chown(path, 54321, 54322)
    values = FileCheck({"path": str(path)}, {}).look().values
    assert (values["owner"], values["group"]) == ("54321", "54322")


def test_the_checksum_is_of_the_content_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"one")
    check = FileCheck({"path": str(path), "checksum": "sha256"}, {})
    assert check.look().values["checksum"] == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"two!")
    assert check.look().values["checksum"] == hashlib.sha256(b"two!").hexdigest()


def test_other_things_that_have_a_name(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(tmp_path / "s"))
        kinds = {
            name: FileCheck({"path": str(path), "checksum": "md5", "content": "x"}, {}).look().values["kind"]
            for name, path in (
                ("fifo", tmp_path / "fifo"),
                ("s", tmp_path / "s"),
                ("d", tmp_path),
                ("null", "/dev/null"),
            )
        }
    assert kinds == {"fifo": "fifo", "s": "socket", "d": "directory", "null": "device"}


def test_new_lines_of_a_file_that_came_late_are_all_new(tmp_path: Path) -> None:
    path = tmp_path / "log"
    check = FileCheck({"path": str(path), "content": "bad"}, {})
    assert check.look().error
    path.write_text("bad 1\n")
    reading = check.look()
    assert (reading.values["matches"], reading.values["line"]) == (1, "bad 1")
    assert reading.memory["offset"] == 6


def test_a_directory_and_what_it_holds(tmp_path: Path) -> None:
    check = DirectoryCheck({"path": str(tmp_path)})
    assert check.look().values["entries"] == 0
    assert "oldest" not in check.look().values
    for name, age in (("a", 50), ("b", 500), ("c", 5)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, time.time() - age))
    (tmp_path / "sub").mkdir()
    values = check.look().values
    assert values["entries"] == 4
    assert 500 <= values["oldest"] < 530


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert DirectoryCheck({"path": f"{tmp_path}/no"}).look().error == f"{tmp_path}/no does not exist"
    assert DirectoryCheck({"path": f"{tmp_path}/f"}).look().error == f"{tmp_path}/f is no directory"
