"""The runtime directory: ours, closed to others, locked, and clean."""

import os
from pathlib import Path

import pytest

from vigild.host import runtime_dir
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir, open_runtime_dir


@pytest.fixture
def base(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that is tried."""
    base = short_tmp / "base"
    monkeypatch.setattr(runtime_dir, "_bases", lambda environ, uid: [str(base)])
    return base


def open_it(config: str = "/etc/a.conf", identifier: str = "supervisor") -> RuntimeDir | NoRuntimeDir:
    return open_runtime_dir(config, identifier, environ={}, uid=os.geteuid())


def opened(config: str = "/etc/a.conf", identifier: str = "supervisor") -> RuntimeDir:
    runtime = open_it(config, identifier)
    assert isinstance(runtime, RuntimeDir), runtime
    return runtime


def test_it_is_private_and_goes_when_closed(base: Path) -> None:
    runtime = opened()
    assert os.stat(runtime.path).st_mode & 0o777 == 0o700
    assert os.stat(base).st_mode & 0o777 == 0o700
    runtime.close()
    assert os.listdir(base) == []


def test_configuration_and_identifier_make_the_key(base: Path) -> None:
    runtimes = [opened(), opened("/etc/b.conf"), opened(identifier="other")]
    assert len({runtime.path for runtime in runtimes}) == 3
    for runtime in runtimes:
        runtime.close()


def test_a_second_daemon_gets_a_directory_of_its_own(base: Path) -> None:
    first, second = opened(), opened()
    assert second.path == f"{first.path}-1"
    first.close()
    third = opened()
    assert third.path == first.path
    second.close()
    third.close()


def test_what_a_dead_daemon_left_is_removed_but_only_fifos(base: Path) -> None:
    runtime = opened()
    os.mkfifo(os.path.join(runtime.path, "web-1.out"))
    Path(runtime.path, "notes").touch()
    os.close(runtime.lock_fd)  # as its death would
    again = opened()
    assert again.path == runtime.path
    assert sorted(os.listdir(again.path)) == ["lock", "notes"]
    again.close()


def test_a_symlink_is_not_followed(base: Path, short_tmp: Path) -> None:
    (short_tmp / "elsewhere").mkdir(mode=0o700)
    base.symlink_to(short_tmp / "elsewhere")
    refused = open_it()
    assert isinstance(refused, NoRuntimeDir)
    assert "not a directory" in refused.reason
    assert os.listdir(short_tmp / "elsewhere") == []


def test_a_directory_that_others_may_write_to_is_refused(base: Path) -> None:
    base.mkdir()
    base.chmod(0o777)
    refused = open_it()
    assert isinstance(refused, NoRuntimeDir)
    assert "others may write" in refused.reason


def test_a_directory_of_somebody_else_is_refused(base: Path) -> None:
    base.mkdir(mode=0o700)
    refused = open_runtime_dir("/etc/a.conf", "supervisor", environ={}, uid=os.geteuid() + 1)
    assert isinstance(refused, NoRuntimeDir)
    assert "belongs to uid" in refused.reason


def test_too_many_daemons_are_refused_in_words(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_dir, "MAX_DAEMONS_PER_KEY", 1)
    runtime = opened()
    refused = open_it()
    assert isinstance(refused, NoRuntimeDir)
    assert "1 daemons hold it" in refused.reason
    runtime.close()


def test_places_on_a_disk_come_after_places_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_dir, "_memory_mounts", lambda: {"/": False, "/dev/shm": True})
    assert runtime_dir._bases({"TMPDIR": "/var/tmp"}, 0) == [
        "/dev/shm/vigil-0",
        "/run/vigil",
        "/var/tmp/vigil-0",
    ]
    monkeypatch.setattr(runtime_dir, "_memory_mounts", lambda: {"/": False, "/run": True, "/dev/shm": True})
    assert runtime_dir._bases({}, 0) == ["/run/vigil", "/dev/shm/vigil-0", "/tmp/vigil-0"]
    bases = runtime_dir._bases({"XDG_RUNTIME_DIR": "/run/user/7"}, 7)
    assert bases == ["/run/user/7/vigil", "/dev/shm/vigil-7", "/tmp/vigil-7"]


@pytest.mark.needs_root
def test_what_a_unit_has_systemd_make_for_its_user_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_dir, "_memory_mounts", lambda: {"/": True})
    uid = 61234
    base = Path(f"/run/vigil-{uid}")
    base.mkdir(mode=0o700)
    try:
        os.chown(base, uid, uid)
        assert runtime_dir._bases({"XDG_RUNTIME_DIR": "/run/user/61234"}, uid)[:2] == [
            str(base),
            "/run/user/61234/vigil",
        ]
    finally:
        base.rmdir()
    assert str(base) not in runtime_dir._bases({}, uid)
