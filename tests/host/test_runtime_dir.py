"""The runtime directory: ours, closed to others, locked, and clean."""

import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from support.fakes import FakeLog
from vigild.core.process import Process
from vigild.engine.records import ProcessRecord
from vigild.host import runtime_dir
from vigild.host.journal import open_journal
from vigild.host.procfs import start_ticks
from vigild.host.runtime_dir import HeldRuntimeDir, NoRuntimeDir, RuntimeDir, open_runtime_dir


@pytest.fixture
def base(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place that is tried."""
    base = short_tmp / "base"
    monkeypatch.setattr(runtime_dir, "_bases", lambda environ, uid: [str(base)])
    return base


def open_it(
    config: str = "/etc/a.conf", identifier: str = "supervisor"
) -> RuntimeDir | HeldRuntimeDir | NoRuntimeDir:
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


def test_a_second_daemon_is_told_who_holds_it(base: Path) -> None:
    first = opened()
    assert HeldRuntimeDir(first.path, os.getpid()) == open_it()
    first.close()
    opened().close()


@pytest.mark.parametrize("is_reaped", [True, False])
def test_a_dead_daemons_half_done_spawn_is_waited_for(base: Path, is_reaped: bool) -> None:
    runtime = opened()
    go_read, go_write = os.pipe()
    spawn = os.fork()
    if not spawn:
        os.read(go_read, 1)
        os._exit(0)
    daemon = subprocess.Popen(["true"])
    os.waitid(os.P_PID, daemon.pid, os.WEXITED | (0 if is_reaped else os.WNOWAIT))
    os.pwrite(runtime.lock_fd, f"{daemon.pid:<20}\n".encode(), 0)  # it is dead, its fork holds the lock
    os.close(runtime.lock_fd)
    threading.Timer(0.05, os.write, (go_write, b"!")).start()
    opened().close()
    os.waitpid(spawn, 0)
    daemon.wait()
    os.close(go_read)
    os.close(go_write)


def test_a_lock_that_is_never_given_up_is_not_waited_for_for_ever(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_dir, "HALF_DONE_SPAWN_SECONDS", 0.02)
    runtime = opened()
    os.pwrite(runtime.lock_fd, b"nobody".ljust(20), 0)
    assert HeldRuntimeDir(runtime.path, 0) == open_it()
    runtime.close()


def test_what_a_dead_daemon_left_is_there_for_the_next(base: Path) -> None:
    runtime = opened()
    os.mkfifo(os.path.join(runtime.path, "web-1.out"))
    Path(runtime.path, "journal").touch()
    os.close(runtime.lock_fd)  # as its death would
    again = opened()
    assert again.path == runtime.path
    assert ["journal", "lock", "web-1.out"] == sorted(os.listdir(again.path))
    again.release()
    third = opened()
    assert ["journal", "lock", "web-1.out"] == sorted(os.listdir(third.path))
    third.close()
    assert [] == os.listdir(base)


def test_what_never_comes_back_is_swept_unless_something_lives_in_it(base: Path) -> None:
    ours, left, alive, locked = (opened(f"/etc/{name}.conf") for name in "abcd")
    for runtime in (left, alive):
        os.mkfifo(os.path.join(runtime.path, "web-1.out"))
        os.close(runtime.lock_fd)
    holder = os.open(os.path.join(alive.path, "web-1.out"), os.O_RDWR)
    (base / "notes").mkdir()
    (base / "12345678").mkdir()
    assert 1 == sum(ours.sweep_siblings(0))
    assert {"notes", "12345678"} | {os.path.basename(r.path) for r in (ours, alive, locked)} == set(
        os.listdir(base)
    )
    os.close(holder)
    assert 1 == sum(ours.sweep_siblings(0))
    ours.close()
    locked.close()


def test_a_daemon_that_died_is_not_forgotten_before_its_time(base: Path) -> None:
    ours, left = opened(), opened("/etc/left.conf")
    os.close(left.lock_fd)
    assert [0, 0] == [sum(ours.sweep_siblings()), sum(ours.sweep_siblings())]
    back = opened("/etc/left.conf")
    assert ["lock"] == os.listdir(back.path)
    os.close(back.lock_fd)
    assert 0 == sum(ours.sweep_siblings())
    os.utime(os.path.join(back.path, "left"), (0, 0))
    assert 1 == sum(ours.sweep_siblings())
    ours.close()


def test_a_process_that_has_closed_all_its_streams_keeps_its_journal(base: Path) -> None:
    ours, left = opened(), opened("/etc/left.conf")
    child = subprocess.Popen(["sleep", "100"])
    record = ProcessRecord(Process(pid=child.pid), start_ticks=start_ticks(child.pid) or 0)
    journal = open_journal(left.path, {"process": {"web": record.encode(), "odd": b"[1]"}}, FakeLog())
    journal.close()
    os.close(left.lock_fd)
    assert 0 == sum(ours.sweep_siblings(0))
    child.kill()
    child.wait()
    assert 1 == sum(ours.sweep_siblings(0))
    ours.close()


def test_what_runs_on_is_found_under_another_identifier_or_behind_another_link(
    base: Path, short_tmp: Path
) -> None:
    for release in ("1", "2"):
        (short_tmp / release).mkdir()
        (short_tmp / release / "c.conf").touch()
    link = short_tmp / "current"
    link.symlink_to("1")
    left = opened(str(link / "c.conf"))
    child = subprocess.Popen(["sleep", "100"])
    record = ProcessRecord(Process(pid=child.pid), start_ticks=start_ticks(child.pid) or 0)
    open_journal(left.path, {"process": {"web": record.encode()}}, FakeLog()).close()
    beside = opened(str(link / "c.conf"), "renamed")  # its daemon lives
    assert beside.path != left.path
    beside.close()
    os.close(left.lock_fd)

    other = opened("/etc/other.conf", "renamed")
    assert other.path != left.path
    other.close()
    renamed = opened(str(link / "c.conf"), "renamed")
    assert renamed.path == left.path
    renamed.release()
    link.unlink()
    link.symlink_to("2")
    moved = opened(str(link / "c.conf"))
    assert moved.path == left.path
    moved.release()
    child.kill()
    child.wait()
    fresh = opened(str(link / "c.conf"))
    assert fresh.path != left.path
    fresh.close()
    moved = RuntimeDir(left.path, os.open(os.path.join(left.path, "lock"), os.O_RDWR))
    moved.close()


def test_a_removed_directory_is_locked_again_when_it_is_made_anew(base: Path) -> None:
    runtime = opened()
    shutil.rmtree(base)
    os.makedirs(runtime.path, 0o700)
    base.chmod(0o700)
    runtime.renew()
    assert HeldRuntimeDir(runtime.path, os.getpid()) == open_it()
    runtime.close()
    assert [] == os.listdir(base)


def test_what_was_left_elsewhere_is_found_where_it_is(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {name: str(short_tmp / name) for name in ("login", "memory", "tmp")}
    monkeypatch.setattr(runtime_dir, "_former_bases", lambda uid: [places["login"], places["tmp"]])
    monkeypatch.setattr(
        runtime_dir, "_bases", lambda environ, uid: [places[name] for name in environ["WHERE"].split()]
    )

    def open_in(where: str) -> RuntimeDir:
        runtime = open_runtime_dir("/etc/a.conf", "x", environ={"WHERE": where}, uid=os.geteuid())
        assert isinstance(runtime, RuntimeDir), runtime
        return runtime

    for first, then in (("login memory tmp", "memory tmp"), ("memory tmp", "login memory tmp")):
        runtime = open_in(first)
        Path(runtime.path, "journal").touch()
        os.close(runtime.lock_fd)
        again = open_in(then)
        assert again.path == runtime.path
        again.close()
    assert places["memory"] == os.path.dirname(open_and_close(open_in("memory tmp")))


def open_and_close(runtime: RuntimeDir) -> str:
    runtime.close()
    return runtime.path


def test_a_directory_that_its_owner_removes_meanwhile_is_made_again(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, removed = runtime_dir._own_directory, []

    def make_and_lose_once(path: str, uid: int) -> None:
        make(path, uid)
        if path != str(base) and not removed:
            removed.append(path)
            os.rmdir(path)

    monkeypatch.setattr(runtime_dir, "_own_directory", make_and_lose_once)
    runtime = opened()
    assert removed == [runtime.path]
    runtime.close()


def test_containers_with_one_directory_in_memory_do_not_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime_dir, "INITIAL_PID_NAMESPACE", os.stat("/proc/self/ns/pid").st_ino)
    initial = runtime_dir.runtime_key("/etc/a.conf", "supervisor")
    monkeypatch.setattr(runtime_dir, "INITIAL_PID_NAMESPACE", 1)
    assert initial != runtime_dir.runtime_key("/etc/a.conf", "supervisor")


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
