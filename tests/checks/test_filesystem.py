import os
import subprocess
from pathlib import Path

import pytest

from vigild.checks.filesystem import FilesystemCheck, Mount, mount_of, parse_mounts

TABLE = """\
/dev/sda1 / ext4 rw,relatime 0 0
tmpfs /run tmpfs rw,nosuid 0 0
/dev/sdb1 /run/my\\040disk xfs ro 0 0
tmpfs /run tmpfs ro 0 0
broken line
"""


def test_mounts_are_found_by_the_longest_point_and_the_last_of_these() -> None:
    mounts = parse_mounts(TABLE.splitlines(keepends=True))
    assert len(mounts) == 4
    assert mount_of(mounts, "/run/my disk/x") == Mount("/dev/sdb1", "/run/my disk", "xfs", "ro")
    assert mount_of(mounts, "/run/x") == Mount("tmpfs", "/run", "tmpfs", "ro")
    assert mount_of(mounts, "/running") == Mount("/dev/sda1", "/", "ext4", "relatime,rw")
    assert mount_of(mounts, "/") == mounts[0]
    assert mount_of([], "/") is None


def test_the_filesystem_of_this_machine() -> None:
    reading = FilesystemCheck({"path": "/"}).look()
    assert reading.error == ""
    shown = subprocess.run(
        ["df", "-P", "-B1", "/"], capture_output=True, text=True, check=True
    ).stdout.split()
    percent = int(shown[-2].removesuffix("%"))
    assert percent - 2 <= reading.values["space_percent"] <= percent + 1
    assert reading.values["mounted"] is True


def test_a_path_below_says_that_nothing_is_mounted_there(tmp_path: Path) -> None:
    values = FilesystemCheck({"path": str(tmp_path)}).look().values
    assert values["mounted"] is False
    assert values["device"]


def test_without_a_table_of_mounts_the_rest_is_told() -> None:
    values = FilesystemCheck({"path": "/"}, mounts="/nonexistent").look().values
    assert "flags" not in values
    assert "space" in values


def test_a_device_stands_for_where_it_is_mounted(tmp_path: Path) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"/dev/there {tmp_path} ext4 rw 0 0\n")
    reading = FilesystemCheck({"path": "/dev/there"}, mounts=str(table)).look()
    assert reading.values["mounted"] is True
    assert reading.values["kind"] == "ext4"


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        FilesystemCheck({"path": "/nonexistent"}).look()


@pytest.mark.needs_root
def test_a_small_filesystem_fills(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to mount")
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=64", "tmpfs", str(tmp_path)]
    if subprocess.run(mounting, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount")
    try:
        check = FilesystemCheck({"path": str(tmp_path)})
        assert check.look().values["space_percent"] < 10
        (tmp_path / "big").write_bytes(b"x" * 900_000)
        for number in range(40):
            (tmp_path / str(number)).touch()
        values = check.look().values
        assert 80 < values["space_percent"] < 100
        assert values["inodes_percent"] > 60
        assert (values["kind"], values["mounted"], values["read_only"]) == ("tmpfs", True, False)
        before = values["flags"]
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        values = check.look().values
        assert values["read_only"] is True
        assert values["flags"] != before
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
