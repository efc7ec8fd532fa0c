"""Spawning: what the child is given, and every way in which it can fail, as a value."""

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from support.machine import Machine, on_machine
from support.until import until
from vigild.core.listener import Traces
from vigild.engine.ports import Remains, SpawnFailure
from vigild.host.runtime_dir import RuntimeDir
from vigild.host.streams import StreamHub
from vigild.host.syslog import Syslog

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def failure(machine: Machine, request: object) -> SpawnFailure:
    outcome = machine.children.spawn(request)  # type: ignore[arg-type]
    assert isinstance(outcome, SpawnFailure), outcome
    return outcome


def test_a_child_gets_its_directory_umask_environment_and_a_group_of_its_own(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        script = "pwd; umask; env | grep COLOUR; ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat"
        child = machine.run(
            script,
            directory="/",
            umask=0o027,
            environment={"COLOUR": "blue", "PATH": os.environ["PATH"]},
        )
        await machine.ended(child)
        lines = machine.read("stdout").decode().split()
        assert lines == ["/", "0027", "COLOUR=blue", str(child.pid)]

    on_machine(short_tmp, play)


def test_a_child_inherits_no_descriptor_and_no_ignored_sigpipe(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        leaked = os.open(os.devnull, os.O_RDONLY)
        os.set_inheritable(leaked, True)
        await machine.ended(machine.run("ls /proc/self/fd; grep SigIgn /proc/self/status"))
        os.close(leaked)
        words = machine.read("stdout").split()
        assert words[:4] == [b"0", b"1", b"2", b"3"], "3 is ls's own"
        assert int(words[-1], 16) & 1 << (signal.SIGPIPE - 1) == 0

    on_machine(short_tmp, play)


def test_streams_tell_what_has_happened_since_they_were_marked(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("echo READY; read a; read b; echo said; read c")
        await machine.holds(lambda: machine.read("stdout") == b"READY\n")
        child.mark_streams(2)
        assert child.traces() == Traces(was_sent=False, has_spoken=False)
        child.write_stdin(b"x\n")
        assert child.traces() == Traces(was_sent=True, has_spoken=False)
        child.write_stdin(b"y\n")
        fifo = child._streams[0].fifo
        assert fifo is not None
        until(lambda: os.stat(fifo).st_mtime_ns)  # the loop stands still: nobody reads what the child says
        assert child.traces() == Traces(was_sent=True, has_spoken=False), "it can still be read"
        await machine.holds(lambda: machine.read("stdout") == b"READY\nsaid\n")
        assert child.traces() == Traces(was_sent=True, has_spoken=True)
        child.write_stdin(b"z\n")
        await machine.ended(child)
        assert child.traces() is None
        child.mark_streams(2)

    on_machine(short_tmp, play)


def test_pipes_tell_nothing(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("read a")
        child.mark_streams(2)
        assert child.traces() is None
        child.write_stdin(b"\n")
        await machine.ended(child)

    on_machine(short_tmp, play, fifos=False)


def test_streams_that_cannot_be_marked_tell_nothing(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: object, *, ns: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    async def play(machine: Machine) -> None:
        child = machine.run("read a")
        monkeypatch.setattr(os, "utime", refused)
        child.mark_streams(2)
        child.write_stdin(b"x")
        assert child.traces() is None, "an old time of writing is no proof"
        child.write_stdin(b"\n")
        await machine.ended(child)

    on_machine(short_tmp, play)


def test_a_large_event_goes_into_stdin_in_one_piece(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("head -c 300001 | wc -c; read x")
        child.mark_streams(300_001)
        child.write_stdin(b"x" * 300_001)
        assert child._stdin is not None
        assert not child._stdin._queue, "all of it is with the kernel, whatever becomes of this process"
        child.write_stdin(b"\n")
        await machine.ended(child)
        assert machine.read("stdout").strip() == b"300001"

    on_machine(short_tmp, play)


def test_marking_a_child_that_reads_no_more_is_no_mistake(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("exec <&-; echo closed; sleep 1000")
        await machine.holds(lambda: machine.read("stdout") == b"closed\n")
        child.mark_streams(2)
        machine.children.kill(child.pid, signal.SIGKILL, True)
        await machine.ended(child)

    on_machine(short_tmp, play)


def test_exit_codes_and_signals_are_reaped_as_they_are(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        assert await machine.ended(machine.run("exit 7")) == 7
        assert await machine.ended(machine.run("kill -SEGV $$")) == -signal.SIGSEGV

    on_machine(short_tmp, play)


def test_a_signal_goes_to_the_process_or_to_its_group(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run(
            "trap 'echo parent' TERM; (trap 'echo child; exit' TERM; echo up; while :; do sleep 0.01; done) & wait; wait"
        )
        await machine.holds(lambda: b"up" in machine.read("stdout"))
        machine.children.kill(child.pid, signal.SIGTERM, False)
        await machine.holds(lambda: b"parent" in machine.read("stdout"))
        assert b"child" not in machine.read("stdout")
        machine.children.kill(child.pid, signal.SIGTERM, True)
        await machine.ended(child)
        await machine.holds(lambda: b"child" in machine.read("stdout"))
        with pytest.raises(ProcessLookupError):
            machine.children.kill(child.pid, signal.SIGTERM, False)

    on_machine(short_tmp, play)


def test_a_directory_that_is_not_there(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        failed = failure(machine, machine.request("true", directory="/nonexistent"))
        assert (failed.stage, failed.errno) == ("chdir", errno.ENOENT)
        assert failed.text == "couldn't chdir to /nonexistent: ENOENT"
        assert machine.read("stderr") == (
            b"supervisor: couldn't chdir to /nonexistent: ENOENT\nsupervisor: child process was not spawned\n"
        )

    on_machine(short_tmp, play)


def test_a_program_that_cannot_be_executed(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        script = short_tmp / "script"
        script.write_text("no interpreter line")
        script.chmod(0o755)
        request = machine.request("true")
        request.filename, request.argv = str(script), ["script"]
        failed = failure(machine, request)
        assert (failed.stage, failed.errno, failed.text) == (
            "exec",
            errno.ENOEXEC,
            "couldn't exec script: ENOEXEC",
        )
        request.filename = str(short_tmp / "gone")
        assert failure(machine, request).errno == errno.ENOENT

    on_machine(short_tmp, play)


def test_a_nul_byte_in_the_environment(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        failed = failure(machine, machine.request("true", environment={"A": "b\0c"}))
        assert (failed.stage, failed.errno) == ("exec", errno.EINVAL)

    on_machine(short_tmp, play)


def test_out_of_descriptors(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        lowest = os.dup(0)
        os.close(lowest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 2, hard))
        try:
            failed = failure(machine, machine.request("true"))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert (failed.stage, failed.errno) == ("streams", errno.EMFILE)
        assert failed.text == "too many open files to spawn 'web'"
        assert isinstance(machine.runtime, RuntimeDir)
        left = sorted(os.listdir(machine.runtime.path))
        assert left == ["flight-0", "lock"], "nothing is left of the attempt"
        assert await machine.ended(machine.run("exit 0")) == 0

    on_machine(short_tmp, play)


@pytest.mark.needs_root
@needs_root
def test_a_child_becomes_its_user_with_all_its_groups(short_tmp: Path) -> None:
    import pwd

    async def play(machine: Machine) -> None:
        user = pwd.getpwnam("nobody")
        await machine.ended(machine.run("id -u; id -g; id -G", uid=user.pw_uid))
        uid, gid, *groups = machine.read("stdout").split()
        assert (int(uid), int(gid)) == (user.pw_uid, user.pw_gid)
        assert {int(group) for group in groups} == set(os.getgrouplist("nobody", user.pw_gid))

    on_machine(short_tmp, play)


@pytest.mark.needs_root
@needs_root
def test_a_user_that_does_not_exist(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        failed = failure(machine, machine.request("true", uid=54321))
        assert (failed.stage, failed.text) == ("setuid", "couldn't setuid to 54321: Can't find uid 54321")

    on_machine(short_tmp, play)


def test_the_runtime_directory_may_vanish(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        assert isinstance(machine.runtime, RuntimeDir)
        lost: list[bool] = []
        machine.children.on_directory_lost = lambda: lost.append(True)
        shutil.rmtree(machine.runtime.path)
        await machine.ended(machine.run("echo hi"))
        assert machine.read("stdout") == b"hi\n"
        assert lost == [True]
        assert "was removed by somebody" in machine.log.text()

    on_machine(short_tmp, play)


def test_where_no_fifo_can_be_made_any_more_programs_start_with_plain_pipes(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        assert isinstance(machine.runtime, RuntimeDir)
        shutil.rmtree(machine.runtime.path)
        Path(machine.runtime.path).touch()  # as a login's directory, which goes with the login, for good
        child = machine.started(machine.request("read line; echo got $line"))
        child.write_stdin(b"it\n")
        await machine.ended(child)
        await machine.ended(machine.run("echo again"))
        assert machine.read("stdout") == b"got it\nagain\n"
        assert machine.log.text().count("get plain pipes") == 1
        os.unlink(machine.runtime.path)

    on_machine(short_tmp, play)


def die(hub: StreamHub) -> None:
    """Leave everything as the death of the process would."""
    for lane in (hub._bulk, hub._prompt):
        while lane.streams:
            fd, _ = lane.streams.popitem()
            lane.unwatch(fd)
            os.close(fd)
    hub.close()


def test_another_host_takes_over_what_this_one_ran(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        assert isinstance(machine.runtime, RuntimeDir)
        spawn_id = machine.children.new_spawn_id()
        request = machine.request("read line; echo got $line; exec sleep 100", spawn_id=spawn_id)
        child = machine.started(request)
        # As if this host had died: nobody reads, nobody writes, and somebody else reaps.
        machine.running.pop(child.pid)
        die(machine.children._hub)
        machine.children._hub = StreamHub(machine.loop, machine.logs, Syslog())
        remains = machine.children.find(child.pid, child.start_ticks, spawn_id)
        assert remains == Remains(child.pid, child.start_ticks, is_ours=True)
        ended: list[int] = []
        machine.children.on_exit = lambda pid, status: ended.append(pid)
        adopted = machine.children.adopt(
            replace(remains, is_ours=False),
            "web",
            spawn_id,
            machine.plan(),
            machine.plan("stderr"),
            has_stdin=True,
        )
        machine.children.sweep()
        adopted.write_stdin(b"it\n")
        await machine.holds(lambda: machine.read("stdout") == b"got it\n")
        machine.children.kill(child.pid, signal.SIGKILL, True)
        await machine.holds(lambda: ended == [child.pid])
        await machine.ended(child)  # reaped: whoever watches is told of the end before that
        adopted.finish()
        assert os.listdir(machine.runtime.path) == ["lock"]

    on_machine(short_tmp, play)


def test_streams_whose_names_are_gone_are_taken_over_from_the_child(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        assert isinstance(machine.runtime, RuntimeDir)
        spawn_id = machine.children.new_spawn_id()
        request = machine.request("read line; echo got $line; echo no >&2; exec sleep 100", spawn_id=spawn_id)
        child = machine.started(request)
        machine.running.pop(child.pid)
        die(machine.children._hub)
        machine.children._hub = StreamHub(machine.loop, machine.logs, Syslog())
        for path in Path(machine.runtime.path).glob("*.*"):
            path.unlink()
        found = replace(machine.children.find(child.pid, child.start_ticks, spawn_id), is_ours=False)
        out, err = machine.plan(), machine.plan("stderr")
        ended: list[int] = []
        machine.children.on_exit = lambda pid, status: ended.append(pid)
        adopted = machine.children.adopt(found, "web", spawn_id, out, err, has_stdin=True)
        machine.children.sweep()
        adopted.write_stdin(b"it\n")
        await machine.holds(
            lambda: (machine.read("stdout"), machine.read("stderr")) == (b"got it\n", b"no\n")
        )
        machine.children.kill(child.pid, signal.SIGKILL, True)
        await machine.holds(lambda: ended == [child.pid])
        await machine.ended(child)  # reaped: whoever watches is told of the end before that
        adopted.finish()

    on_machine(short_tmp, play)


def test_what_a_descendant_still_writes_to_is_read_on_and_the_rest_swept(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        assert isinstance(machine.runtime, RuntimeDir)
        path = Path(machine.runtime.path)
        for name in ("web-5-1.in", "web-5-1.out", "web-5-1.err", "web-5-2.out", "gone-5-3.out", "journal"):
            os.mkfifo(path / name) if "." in name else (path / name).touch()
        held = os.open(path / "web-5-1.out", os.O_RDWR)
        nobody = os.open(path / "gone-5-3.out", os.O_RDWR)
        os.write(held, b"of a descendant\n")
        os.write(nobody, b"of a program that is no more\n")
        machine.children.adopt(
            Remains(), "web", "5-2", machine.plan(), machine.plan("stderr"), has_stdin=True
        )
        machine.children.sweep()
        assert machine.read("stdout") == b"of a descendant\n"
        left = {name for name in os.listdir(path) if name != "flight-0"}
        assert left == {"web-5-1.out", "gone-5-3.out", "web-5-2.out", "journal", "lock"}
        os.close(held)
        os.close(nobody)
        await machine.holds(lambda: not list(path.glob("*-1.out")) and not list(path.glob("gone*")))

    on_machine(short_tmp, play)


def test_two_children_that_name_one_file_share_it(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        children = [machine.run("for i in 1 2 3; do echo line; done", stderr=None) for _ in range(3)]
        for child in children:
            await machine.ended(child)
        assert machine.read("stdout") == b"line\n" * 9
        machine.children.close_logs(machine.plan())

    on_machine(short_tmp, play)


def test_several_hundred_children_come_and_go_and_leave_nothing(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        children = [machine.run("echo x", stdout=machine.plan(name="all"), stderr=None) for _ in range(200)]
        for child in children:
            await machine.ended(child)
        assert machine.read("all") == b"x\n" * 200
        assert isinstance(machine.runtime, RuntimeDir)
        assert sorted(os.listdir(machine.runtime.path)) == ["flight-0", "lock"]

    on_machine(short_tmp, play)


UNPRIVILEGED = """
import asyncio, os, resource, sys
from pathlib import Path
from support.machine import Machine

async def main():
    import subprocess, pwd
    directory = Path(sys.argv[1])
    os.chmod(directory, 0o777)
    os.setuid(65534)
    machine = Machine(asyncio.get_running_loop(), directory, fifos=False)
    print(machine.children.spawn(machine.request("true", uid=0)).text)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    failed = machine.children.spawn(machine.request("true"))
    print(failed.stage, failed.text)
    machine.close()

asyncio.run(main())
"""


@pytest.mark.needs_root
@needs_root
def test_what_an_unprivileged_daemon_cannot_do_is_said_in_supervisors_words(short_tmp: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, str(short_tmp)], env=environment, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "couldn't setuid to 0: Can't drop privilege as nonroot user",
        "fork Too many processes in process table to spawn 'web'",
    ], done.stderr
    assert b"supervisor: couldn't setuid to 0" in (short_tmp / "stderr").read_bytes()


def test_a_root_that_may_not_chown_starts_programs_all_the_same(
    short_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chown(path: str, uid: int, gid: int) -> None:
        raise PermissionError(1, "Operation not permitted", path)

    monkeypatch.setattr("vigild.host.children.os.chown", chown)

    async def play(machine: Machine) -> None:
        machine.children._is_root = True
        request = machine.request("echo up")
        request.uid = os.getuid()
        child = machine.started(request)
        await machine.ended(child)
        assert machine.read("stdout") == b"up\n"

    on_machine(short_tmp, play)


def test_a_long_name_in_any_script_makes_a_fifo(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        request = machine.request("echo up")
        request.name = "守" * 200
        await machine.ended(machine.started(request))
        assert machine.read("stdout") == b"up\n"

    on_machine(short_tmp, play)


def test_a_child_started_during_the_adoption_keeps_its_streams(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("read x; echo got $x; read y; echo got $y")
        machine.children.sweep()
        child.write_stdin(b"one\n")
        await machine.holds(lambda: machine.read("stdout") == b"got one\n")
        child.write_stdin(b"two\n")
        await machine.ended(child)
        assert machine.read("stdout") == b"got one\ngot two\n"

    on_machine(short_tmp, play)
