"""docs/recipes/container.md"""

import contextlib
import os
import pwd
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from recipes.book import Kitchen, lives_a_full_life, need, need_root, run, wait_serving
from support.daemon import Daemon, bin_dir, wait_gone
from support.until import until

pytestmark = pytest.mark.slow


class Stdout:
    """The container's standard output: a pipe that belongs to the container's user, read all the time."""

    def __init__(self, uid: int | None) -> None:
        self._read, self.write = os.pipe()
        if uid is not None:
            os.fchown(self.write, uid, uid)
        self._got = bytearray()
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        while data := os.read(self._read, 65536):
            self._got += data

    def text(self) -> str:
        return self._got.decode()

    def close(self) -> None:
        os.close(self.write)
        self._thread.join()
        os.close(self._read)


@contextmanager
def contained(kitchen: Kitchen) -> Iterator[tuple[Daemon, Stdout, int]]:
    """The recipe as a user without rights runs it, in a directory of that user's."""
    uid = None
    kitchen.directory("www").joinpath("index.html").write_text("contained\n")
    if os.geteuid() == 0:
        uid = pwd.getpwnam("nobody").pw_uid
        kitchen.lend("nobody", "supervisord", "supervisorctl")
        shutil.chown(kitchen.dir, uid)
    commands = kitchen.bin if kitchen.bin.exists() else bin_dir()
    stdout = Stdout(uid)
    try:
        with kitchen.running("container", user=uid, stdout=stdout.write, bin=commands) as daemon:
            yield daemon, stdout, os.geteuid() if uid is None else uid
    finally:
        stdout.close()


def test_the_program_lives_a_full_life_without_root(kitchen: Kitchen) -> None:
    with contained(kitchen) as (daemon, stdout, uid):
        daemon.wait_state("app", "RUNNING")
        assert set(psutil.Process(daemon.pid("app")).uids()) == {uid}
        lives_a_full_life(daemon, "app", lambda: kitchen.http("/index.html") == "contained\n")
        assert "Illegal seek" not in daemon.words() + stdout.text()


def test_the_programs_lines_and_the_daemons_reach_standard_output(kitchen: Kitchen) -> None:
    with contained(kitchen) as (daemon, stdout, _):
        until(
            lambda: "Serving HTTP on 127.0.0.1" in stdout.text(),
            what="the program's line on the container's output",
        )
        wait_serving(daemon, lambda: kitchen.http("/index.html") == "contained\n")
        until(
            lambda: '"GET /index.html HTTP/1.1" 200' in kitchen.read("daemon.out"),
            what="the access log on stderr",
        )
        until(lambda: "INFO success: app entered RUNNING state" in stdout.text(), what="the daemon's own log")


def test_term_ends_daemon_and_programs(kitchen: Kitchen) -> None:
    with contained(kitchen) as (daemon, _, _uid):
        daemon.wait_state("app", "RUNNING")
        wait_serving(daemon, lambda: kitchen.http("/index.html") == "contained\n")
        everything = daemon.descendants()
        assert len(everything) >= 2
        assert daemon.process is not None
        daemon.process.terminate()
        assert daemon.wait_end() == 0
        wait_gone(everything)
        assert not (kitchen.dir / "supervisor.sock").exists()
        assert not (kitchen.dir / "supervisord.pid").exists()


def test_a_program_that_is_given_up_ends_the_container(kitchen: Kitchen) -> None:
    with contained(kitchen) as (daemon, _, _uid):
        daemon.wait_state("app", "RUNNING")
        daemon.wait_state("end-with-it", "RUNNING")
        everything = daemon.descendants()
        daemon.ctl("start", "doomed")
        assert daemon.wait_end() == 0
        wait_gone(everything)
        assert "a program is FATAL: ending the container" in kitchen.read("daemon.out")


def names(parent: psutil.Process) -> list[str]:
    """The names of its children, zombies included."""
    found = []
    for child in parent.children():
        with contextlib.suppress(psutil.NoSuchProcess):  # reaped meanwhile
            found.append(child.name())
    return found


def test_as_process_1_it_reaps_what_others_leave_behind(kitchen: Kitchen) -> None:
    need_root("a PID namespace")
    alone = (need("util-linux", "unshare"), "--pid", "--fork", "--mount-proc", "--kill-child")
    if run(*alone, "true").code != 0:
        pytest.skip("this kernel or container allows no PID namespaces")
    kitchen.directory("www").joinpath("index.html").write_text("contained\n")
    with kitchen.running("container", command_prefix=alone) as daemon:
        wait_serving(daemon, lambda: kitchen.http("/index.html") == "contained\n")
        assert daemon.ctl("pid").out == "1\n"
        assert daemon.process is not None
        (init,) = psutil.Process(daemon.process.pid).children()
        # What `docker exec` leaves: a process whose parent has ended, so that process 1 inherits it.
        leave = "sleep 1 >/dev/null 2>&1 & :"
        run("nsenter", "--pid", "--target", str(init.pid), "sh", "-c", leave)
        until(lambda: "sleep" in names(init), what="an orphan of process 1")
        until(
            lambda: "sleep" not in names(init), what="the orphan to be reaped"
        )  # a zombie would still be listed
        assert daemon.ctl("shutdown").out == "Shut down\n"
        assert daemon.wait_end() == 0
