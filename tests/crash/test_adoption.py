"""What a new daemon makes of the programs of one that was killed, whatever was going on at that moment."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from crash.numbered import PROBES, Notes, Writer, count_lines, make_writer, read_notes
from support.daemon import Daemon
from support.until import DEADLINE_SECONDS, until
from vigild.client.supervisor import ProcessInfo, Supervisor

pytestmark = pytest.mark.slow


def program(tmp: Path, name: str, *options: str) -> str:
    """A program that lives until it is ended, and notes each start."""
    command = f"/bin/sh {PROBES}/instance.sh {name} {tmp}/notes"
    return "\n".join((f"[program:{name}]", f"command={command}", "startsecs=0", *options, ""))


def scripted(tmp: Path, name: str, script: str, *options: str) -> str:
    """A program that notes its start and then runs some lines of shell."""
    file = tmp / f"{name}.sh"
    file.write_text(f"echo START {name} $$ >> {tmp}/notes\n{script}\n")
    return "\n".join((f"[program:{name}]", f"command=/bin/sh {file}", "startsecs=0", *options, ""))


def notes(tmp: Path) -> Notes:
    return read_notes(tmp / "notes")


def starts(tmp: Path, name: str) -> list[int]:
    """The pids a program was started with."""
    return notes(tmp).starts.get(name, [])


def wait_started(tmp: Path, *names: str) -> dict[str, int]:
    """Wait for the first instance of each; their pids."""
    until(lambda: set(names) <= set(notes(tmp).starts), what=f"the start of {names}")
    return {name: starts(tmp, name)[0] for name in names}


def info(daemon: Daemon, name: str) -> ProcessInfo:
    with Supervisor.at(f"unix://{daemon.socket}") as client:
        return client.info(name)


def crash(daemon: Daemon) -> None:
    """kill -9 of the daemon, and of nothing else."""
    assert daemon.process is not None
    daemon.process.kill()
    daemon.process.wait()


def crash_and_start(daemon: Daemon) -> None:
    crash(daemon)
    daemon.start()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_an_adopted_program_keeps_pid_start_time_log_and_stdin(tmp_path: Path) -> None:
    conf = scripted(tmp_path, "web", "while read line; do echo got $line; done")
    with Daemon(tmp_path, conf) as daemon:
        wait_started(tmp_path, "web")
        daemon.wait_state("web", "RUNNING")
        before = info(daemon, "web")
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            client.send_stdin("web", "one\n")
        log = Path(before["stdout_logfile"])
        until(lambda: log.read_text() == "got one\n")
        crash_and_start(daemon)
        after = info(daemon, "web")
        for key in ("pid", "start", "statename", "stdout_logfile", "stderr_logfile"):
            assert before[key] == after[key], key  # type: ignore[literal-required]
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            client.send_stdin("web", "two\n")
        until(lambda: log.read_text() == "got one\ngot two\n")
        assert daemon.ctl("stop", "web").code == 0
        assert "STOPPED" in daemon.status("web")
        assert daemon.ctl("start", "web").code == 0
        assert [before["pid"], info(daemon, "web")["pid"]] == starts(tmp_path, "web")


def test_an_adopted_program_that_crashes_is_started_again(tmp_path: Path) -> None:
    with Daemon(tmp_path, program(tmp_path, "web", "autorestart=true")) as daemon:
        pid = wait_started(tmp_path, "web")["web"]
        crash_and_start(daemon)
        os.kill(pid, signal.SIGKILL)
        until(lambda: info(daemon, "web")["pid"] not in (0, pid))
        until(lambda: [pid, info(daemon, "web")["pid"]] == starts(tmp_path, "web"))
        assert [] == notes(tmp_path).doubles


def test_a_client_that_follows_a_log_when_the_daemon_is_killed(tmp_path: Path) -> None:
    writer = Writer("web", lines_a_second=50)
    log = tmp_path / "web.log"
    command = " ".join(writer.argv(make_writer(tmp_path), tmp_path / "notes"))
    with Daemon(tmp_path, f"[program:web]\ncommand={command}\nstartsecs=0\nstdout_logfile={log}\n") as daemon:
        pid = wait_started(tmp_path, "web")["web"]
        argv = [str(daemon.bin / "supervisorctl"), "-c", str(daemon.conf), "tail", "-f", "web"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
            assert client.stdout is not None
            assert client.stdout.readline()
            crash(daemon)
            client.communicate(timeout=DEADLINE_SECONDS)  # it does not wait for ever
        daemon.start()
        assert pid == info(daemon, "web")["pid"]
        daemon.ctl("shutdown")
        assert daemon.wait_end() == 0
        written = notes(tmp_path).written("web")
        assert [pid] == list(written)
        assert count_lines(writer, log, written).is_perfect


def test_a_stop_that_was_under_way_is_carried_on(tmp_path: Path) -> None:
    script = f"trap '' TERM\n: > {tmp_path}/deaf\nwhile :; do sleep 0.05; done"
    conf = scripted(tmp_path, "web", script, "stopwaitsecs=5", "autorestart=true")
    with Daemon(tmp_path, conf) as daemon:
        pid = wait_started(tmp_path, "web")["web"]
        until((tmp_path / "deaf").exists)
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            client.stop("web", wait=False)
        assert daemon.state("web") == "STOPPING"
        crash_and_start(daemon)
        daemon.wait_state("web", "STOPPED")
        assert not is_alive(pid)
        assert [pid] == starts(tmp_path, "web")


def test_what_was_stopped_by_hand_stays_stopped_and_the_rest_runs(tmp_path: Path) -> None:
    conf = program(tmp_path, "web") + program(tmp_path, "off") + program(tmp_path, "never", "autostart=false")
    with Daemon(tmp_path, conf) as daemon:
        wait_started(tmp_path, "web", "off")
        daemon.ctl("stop", "off")
        crash_and_start(daemon)
        assert ["RUNNING", "STOPPED", "STOPPED"] == [daemon.state(name) for name in ("web", "off", "never")]
        assert ["off", "web"] == sorted(notes(tmp_path).starts)
        assert [] == notes(tmp_path).restarted()


def test_failed_starts_are_counted_on(tmp_path: Path) -> None:
    conf = scripted(tmp_path, "web", "exit 1", "startretries=2").replace("startsecs=0", "startsecs=5")
    with Daemon(tmp_path, conf) as daemon:
        until(lambda: len(starts(tmp_path, "web")) >= 2)
        until(lambda: info(daemon, "web")["statename"] in ("BACKOFF", "FATAL"))  # FATAL: slow to look
        crash_and_start(daemon)
        daemon.wait_state("web", "FATAL")
        assert len(starts(tmp_path, "web")) == 3, daemon.words()


def test_a_program_in_fatal_stays_there_until_somebody_starts_it(tmp_path: Path) -> None:
    conf = scripted(tmp_path, "web", "exit 1", "startretries=0").replace("startsecs=0", "startsecs=5")
    with Daemon(tmp_path, conf) as daemon:
        daemon.wait_state("web", "FATAL")
        crash_and_start(daemon)
        assert daemon.state("web") == "FATAL"
        assert len(starts(tmp_path, "web")) == 1


def test_killed_again_and_again_while_it_adopts(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(20)]
    with Daemon(tmp_path, "".join(program(tmp_path, name) for name in names)) as daemon:
        pids = wait_started(tmp_path, *names)
        crash(daemon)
        for lines in (1, 2, 3, 3, 3):
            written = len(daemon.log())
            daemon.start(wait=False)
            until(lambda: daemon.log()[written:].count("\n") >= lines)  # noqa: B023
            crash(daemon)
        daemon.start()
        assert pids == {name: info(daemon, name)["pid"] for name in names}
        assert [] == notes(tmp_path).restarted()
        assert [] == notes(tmp_path).doubles


def test_of_two_daemons_started_after_a_crash_one_refuses_and_names_the_other(tmp_path: Path) -> None:
    with Daemon(tmp_path, program(tmp_path, "web")) as daemon:
        pid = wait_started(tmp_path, "web")["web"]
        crash(daemon)
        argv = [str(daemon.bin / "supervisord"), "-n", "-c", str(daemon.conf)]
        rival_says = tmp_path / "rival"
        with rival_says.open("wb") as out:
            rival = subprocess.Popen(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        try:
            daemon.start(wait=False)
            assert daemon.process is not None
            both = {rival: rival_says, daemon.process: tmp_path / "daemon.out"}
            until(lambda: any(process.poll() is not None for process in both), what="one to give up")
            loser = next(process for process in both if process.poll() is not None)
            winner = next(process for process in both if process is not loser)
            assert loser.returncode == 2
            assert str(winner.pid) in both[loser].read_text()
            until(lambda: daemon.ctl("pid").out.strip() == str(winner.pid))
            assert pid == info(daemon, "web")["pid"]
            assert [pid] == starts(tmp_path, "web")
        finally:
            rival.terminate()
            rival.wait()


def test_a_configuration_that_changed_meanwhile_waits_for_update(tmp_path: Path) -> None:
    conf = "".join(program(tmp_path, name) for name in ("same", "changed", "removed"))
    with Daemon(tmp_path, conf) as daemon:
        pids = wait_started(tmp_path, "same", "changed", "removed")
        crash(daemon)
        text = daemon.conf.read_text()
        head, _, _ = text.partition("[program:changed]")
        new = program(tmp_path, "changed", "priority=5") + program(tmp_path, "added", "autostart=false")
        daemon.conf.write_text(head + new)
        daemon.start()
        assert pids == {name: info(daemon, name)["pid"] for name in pids}
        told = daemon.ctl("reread").out
        assert "changed: changed" in told
        assert "removed: disappeared" in told
        assert "same" not in told
        assert daemon.ctl("update").code == 0
        until(lambda: len(starts(tmp_path, "changed")) == 2)
        assert not is_alive(pids["removed"])
        assert "removed" not in daemon.ctl("status").out
        assert daemon.state("added") == "STOPPED"
        assert pids["same"] == info(daemon, "same")["pid"]
        assert [] == notes(tmp_path).doubles


@pytest.mark.parametrize("expected_code", [7, 0])
def test_a_program_that_ended_meanwhile(tmp_path: Path, expected_code: int) -> None:
    go = tmp_path / "go"
    conf = (
        f"[program:job]\ncommand=/bin/sh {PROBES}/job.sh job {tmp_path}/notes {go}\nstartsecs=0\n"
        f"autorestart=unexpected\nexitcodes={expected_code}\n"
    )
    with Daemon(tmp_path, conf) as daemon:
        pid = wait_started(tmp_path, "job")["job"]
        daemon.wait_state("job", "RUNNING")
        crash(daemon)
        go.touch()
        until(lambda: not is_alive(pid))
        go.unlink()
        daemon.start()
        ends_as_told(daemon, tmp_path, expected_code)


def ends_as_told(daemon: Daemon, tmp: Path, expected_code: int) -> None:
    """The end of the job is noticed; it stays down if its status, as far as it was to be had, was expected."""
    # Whether the status is to be had is up to the kernel (before Linux 6.15 it is not), or to the last parent.
    until(lambda: "exit status 7" in daemon.log() or "nobody saw how" in daemon.log())
    if "exit status 7" in daemon.log() and expected_code == 7:
        daemon.wait_state("job", "EXITED")
        assert len(starts(tmp, "job")) == 1
    else:
        until(lambda: len(starts(tmp, "job")) > 1)


@pytest.mark.parametrize("expected_code", [7, 0])
def test_a_program_that_ends_after_its_adoption(tmp_path: Path, expected_code: int) -> None:
    go = tmp_path / "go"
    conf = (
        f"[program:job]\ncommand=/bin/sh {PROBES}/job.sh job {tmp_path}/notes {go}\nstartsecs=0\n"
        f"autorestart=unexpected\nexitcodes={expected_code}\n"
    )
    with Daemon(tmp_path, conf) as daemon:
        wait_started(tmp_path, "job")
        daemon.wait_state("job", "RUNNING")
        crash_and_start(daemon)
        assert "RUNNING" in daemon.status("job")
        go.touch()
        ends_as_told(daemon, tmp_path, expected_code)


SHARED = """\
import os, socket
with open({notes!r}, "a") as notes:
    notes.write(f"START web {{os.getpid()}}\\n")
listening = socket.socket(fileno=0)
while True:
    client, _ = listening.accept()
    client.sendall(str(os.getpid()).encode())
    client.close()
"""


def test_a_shared_socket_survives_with_its_members(tmp_path: Path, short_tmp: Path) -> None:
    script = tmp_path / "accept.py"
    script.write_text(SHARED.format(notes=str(tmp_path / "notes")))
    door = short_tmp / "door"
    conf = (
        f"[fcgi-program:web]\nsocket=unix://{door}\ncommand={sys.executable} -ISB {script}\n"
        "startsecs=0\nautorestart=true\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)d\n"
    )

    def served_by() -> int:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE_SECONDS)
            client.connect(str(door))
            return int(client.recv(100))

    with Daemon(tmp_path, conf) as daemon:
        until(lambda: len(starts(tmp_path, "web")) == 2)
        members = set(starts(tmp_path, "web"))
        inode = door.stat().st_ino
        assert served_by() in members
        crash(daemon)
        assert served_by() in members
        daemon.start()
        assert members == {info(daemon, f"web:web_{number}")["pid"] for number in range(2)}
        os.kill(starts(tmp_path, "web")[0], signal.SIGKILL)
        until(lambda: len(starts(tmp_path, "web")) == 3)
        until(lambda: served_by() == starts(tmp_path, "web")[2], what="the new member at the old socket")
        assert inode == door.stat().st_ino


def test_a_clean_end_leaves_nothing_to_adopt(tmp_path: Path) -> None:
    with Daemon(tmp_path, program(tmp_path, "web")) as daemon:
        wait_started(tmp_path, "web")
        daemon.ctl("shutdown")
        assert daemon.wait_end() == 0
        daemon.start()
        until(lambda: len(starts(tmp_path, "web")) == 2)
        assert "adopted" not in daemon.log()
        assert [] == notes(tmp_path).doubles


def test_too_low_a_limit_of_open_files_harms_nobody(tmp_path: Path) -> None:
    names = [f"p{number}" for number in range(20)]
    daemon = Daemon(tmp_path, "".join(program(tmp_path, name) for name in names))
    text = daemon.conf.read_text()
    daemon.conf.write_text(text.replace("[supervisord]\n", "[supervisord]\nminfds=40\n"))
    with daemon:
        pids = wait_started(tmp_path, *names)
        crash(daemon)
        daemon.command_prefix = ("prlimit", "--nofile=50:50")
        daemon.start(wait=False)
        assert daemon.process is not None
        assert daemon.process.wait(DEADLINE_SECONDS) == 2
        assert "the limit of open files is too low to adopt 20 programs" in daemon.log()
        daemon.command_prefix = ("prlimit", "--nofile=120:120")
        daemon.start()
        assert {name: daemon.pid(name) for name in names} == pids
        until(lambda: "leaves no room to be told of the end of" in daemon.log())
        for pid in pids.values():
            os.kill(pid, signal.SIGKILL)
        until(lambda: all(len(starts(tmp_path, name)) == 2 for name in names))
        until(lambda: daemon.ctl("status").out.count("RUNNING") == len(names))
