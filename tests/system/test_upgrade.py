"""Upgrades in place of a real daemon with real programs, and clients that must not notice."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

import vigild
from support.daemon import Daemon, alive
from support.ports import free_port
from support.until import DEADLINE_SECONDS, until
from vigild.client.supervisor import DaemonInfo, Supervisor

SOURCE = Path(vigild.__file__).parent
INET = "[inet_http_server]\nport=127.0.0.1:{port}\n\n"
LINES = 'sh -c "echo start >> %(here)s/{name}.starts; i=0; while :; do i=$((i+1)); echo {name} $i; sleep 0.002; done"'


def program(name: str, command: str, *options: str) -> str:
    return "\n".join([f"[program:{name}]", f"command={command}", *options, "", ""])


def quiet(name: str, *options: str) -> str:
    command = f'sh -c "echo start >> %(here)s/{name}.starts; exec sleep 1000"'
    return program(name, command, *options)


def facts(daemon: Daemon) -> DaemonInfo:
    with Supervisor.at(f"unix://{daemon.socket}") as client:
        return client.daemon_info()


def upgrade(daemon: Daemon) -> str:
    """Upgrade; the line that supervisorctl says."""
    done = daemon.ctl("upgrade")
    assert (done.code, done.err) == (0, ""), (done, daemon.words())
    return done.out


def starts(daemon: Daemon, name: str) -> int:
    return (daemon.tmp / f"{name}.starts").read_text().count("start\n")


@contextmanager
def own_code(tmp_path: Path) -> Iterator[Path]:
    """A copy of the code that the daemon runs from, to be changed; its PYTHONPATH."""
    lib = tmp_path / "lib"
    shutil.copytree(SOURCE, lib / "vigild", ignore=shutil.ignore_patterns("__pycache__"))
    yield lib


@dataclass
class Poller:
    """Asks the daemon without a pause, and keeps what went wrong."""

    url: str
    keep_open: bool
    answers: int = 0
    generations: set[int] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        client = Supervisor.at(self.url)
        while not stop.is_set():
            try:
                self.generations.add(client.daemon_info()["generation"])
                self.answers += 1
            except Exception as error:
                self.errors.append(f"{type(error).__name__}: {error}")
            if not self.keep_open:
                client.close()
        client.close()


@contextmanager
def polling(*pollers: Poller) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=poller.run, args=(stop,)) for poller in pollers]
    for thread in threads:
        thread.start()
    try:
        until(lambda: all(poller.answers > 3 for poller in pollers), what="answers to those who ask")
        yield
        seen = [poller.answers for poller in pollers]
        until(lambda: all(poller.answers > before + 3 for poller, before in zip(pollers, seen, strict=True)))
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_programs_output_and_clients_go_on(tmp_path: Path) -> None:
    port = free_port()
    names = [f"p{number}" for number in range(4)]
    text = "".join(
        program(name, LINES.format(name=name), f"stdout_logfile={tmp_path}/{name}.log") for name in names
    )
    with Daemon(tmp_path, INET.format(port=port) + text + quiet("still")) as daemon:
        for name in [*names, "still"]:
            daemon.wait_state(name, "RUNNING")
        pids = {name: daemon.pid(name) for name in [*names, "still"]}
        assert daemon.process is not None
        pollers = [
            Poller(f"{url}", keep_open)
            for url in (f"unix://{daemon.socket}", f"http://127.0.0.1:{port}")
            for keep_open in (False, True)
        ]
        with polling(*pollers):
            for generation in (1, 2, 3):
                said = upgrade(daemon)
                assert f"pid {daemon.process.pid} as before; 5 processes run on, none was restarted; " in said
                assert facts(daemon)["generation"] == generation
        assert [poller.errors for poller in pollers] == [[], [], [], []]
        assert [poller.generations for poller in pollers] == [{0, 1, 2, 3}] * 4
        assert {name: daemon.pid(name) for name in pids} == pids
        assert {name: starts(daemon, name) for name in pids} == dict.fromkeys(pids, 1)
        info = facts(daemon)
        assert (info["adopted"], info["survives"], info["upgrade_error"]) == (5, True, "")
        assert daemon.ctl("stop", "all").code == 0
        for name in names:
            lines = (tmp_path / f"{name}.log").read_text().splitlines()
            assert lines == [f"{name} {number}" for number in range(1, len(lines) + 1)]
            assert len(lines) > 20


def test_the_new_image_runs_the_new_code(tmp_path: Path) -> None:
    with own_code(tmp_path) as lib, Daemon(tmp_path, quiet("a"), env={"PYTHONPATH": str(lib)}) as daemon:
        daemon.wait_state("a", "RUNNING")
        (lib / "vigild" / "__init__.py").write_text('"""New."""\n\n__version__ = "7.7.7"\n')
        assert upgrade(daemon).startswith(f"upgraded {vigild.__version__} -> 7.7.7, pid ")
        assert facts(daemon)["version"] == "7.7.7"
        assert "upgrading in place, to Vigil 7.7.7" in daemon.log()


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("lib/vigild/host/syslog.py", "import no_such_module\n", "No module named 'no_such_module'"),
        ("lib/vigild/daemon/main.py", "def broken(:\n", "SyntaxError"),
        ("supervisord.conf", "[supervisord]\n[program:a]\nautostart=perhaps\n", "[program:a] autostart"),
    ],
)
def test_what_would_not_come_up_is_refused_and_nothing_happens(
    tmp_path: Path, file: str, change: str, words: str
) -> None:
    with own_code(tmp_path) as lib, Daemon(tmp_path, quiet("a"), env={"PYTHONPATH": str(lib)}) as daemon:
        daemon.wait_state("a", "RUNNING")
        pid, before = daemon.pid("a"), (tmp_path / file).read_text()
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            (tmp_path / file).write_text(change)
            with pytest.raises(Exception, match=re.escape(words)) as caught:
                client.upgrade()
            assert "FAILED" in str(caught.value)
            assert client.daemon_info()["generation"] == 0
        (tmp_path / file).write_text(before)
        assert (daemon.pid("a"), starts(daemon, "a")) == (pid, 1)
        assert "not upgraded, going on as before" in daemon.log()
        assert words in daemon.log()
        upgrade(daemon)
        assert facts(daemon)["generation"] == 1


def test_every_state_goes_on_from_where_it_was(tmp_path: Path) -> None:
    stubborn = f"sh -c \"trap 'echo asked >> {tmp_path}/asked' TERM; echo ready > {tmp_path}/ready; while :; do sleep 0.05; done\""
    text = (
        quiet("stopped")
        + quiet("starting", "startsecs=8", "autostart=false")
        + program("backoff", "sh -c 'exit 1'", "startretries=1000")
        + program("fatal", "sh -c 'exit 1'", "startretries=0")
        + program("exited", "sh -c 'sleep 1.2'", "autorestart=false")
        + program("stopping", stubborn, "startsecs=0", "stopwaitsecs=4")
        + quiet("byhand", "autostart=false")
    )
    with Daemon(tmp_path, text) as daemon:
        daemon.wait_state("stopped", "RUNNING")
        assert daemon.ctl("stop", "stopped").code == 0
        daemon.wait_state("fatal", "FATAL")
        daemon.wait_state("exited", "EXITED")
        daemon.wait_state("backoff", "BACKOFF", "STARTING")
        until((tmp_path / "ready").exists)
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            client.stop("stopping", wait=False)
            client.start("starting", wait=False)
        pid = daemon.pid("starting")
        assert daemon.state("starting") == "STARTING"
        upgrade(daemon)
        assert daemon.state("stopped") == "STOPPED"
        assert daemon.state("fatal") == "FATAL"
        assert daemon.state("exited") == "EXITED"
        assert daemon.state("byhand") == "STOPPED"
        assert daemon.status("byhand").endswith("Not started")
        assert daemon.state("backoff") in ("BACKOFF", "STARTING")
        daemon.wait_state("stopping", "STOPPED")
        assert "killing 'stopping'" in daemon.log()
        daemon.wait_state("starting", "RUNNING")
        assert (daemon.pid("starting"), starts(daemon, "starting")) == (pid, 1)
        assert starts(daemon, "stopped") == 1


def in_between(lib: Path, code: str) -> None:
    """Have the next image do something before it does anything else."""
    path = lib / "vigild" / "__init__.py"
    path.write_text(
        'import os\n__version__ = "0.1.1"\nif "VIGIL_HANDOVER" in os.environ:\n    '
        + code.strip().replace("\n", "\n    ")
        + "\n"
    )


def test_what_dies_during_the_exec_is_reaped_with_its_status_and_its_last_words(tmp_path: Path) -> None:
    last = f"sh -c \"trap 'echo last words; exit 7' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.05; done\""
    text = program("a", last, "startsecs=0", "autorestart=false", f"stdout_logfile={tmp_path}/a.log")
    with own_code(tmp_path) as lib, Daemon(tmp_path, text, env={"PYTHONPATH": str(lib)}) as daemon:
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        pid = int((tmp_path / "pid").read_text())
        in_between(
            lib,
            f"import signal, time\nos.kill({pid}, signal.SIGTERM)\n"
            f"while b') Z ' not in open('/proc/{pid}/stat', 'rb').read(): time.sleep(0.01)",
        )
        assert "meanwhile ended by themselves: a" in upgrade(daemon)
        daemon.wait_state("a", "EXITED")
        assert "exited: a (exit status 7; not expected)" in daemon.log()
        assert (tmp_path / "a.log").read_text() == "last words\n"
        assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_exec_is_obeyed_in_good_order(tmp_path: Path, signum: int) -> None:
    with own_code(tmp_path) as lib, Daemon(tmp_path, quiet("a"), env={"PYTHONPATH": str(lib)}) as daemon:
        daemon.wait_state("a", "RUNNING")
        child = psutil.Process(daemon.pid("a"))
        in_between(lib, f"os.kill(os.getpid(), {int(signum)})")
        daemon.ctl("upgrade")
        assert daemon.wait_end() == 0
        assert not alive(child)
        assert f"received {signal.Signals(signum).name} indicating exit request" in daemon.log()
        assert "stopped: a (terminated by SIGTERM)" in daemon.log()


def test_children_of_the_new_image_have_no_signal_blocked(tmp_path: Path) -> None:
    with Daemon(tmp_path, quiet("a", "autostart=false")) as daemon:
        upgrade(daemon)
        assert daemon.ctl("start", "a").code == 0
        status = Path(f"/proc/{daemon.pid('a')}/status").read_text()
        assert re.search(r"^SigBlk:\s+0+$", status, re.MULTILINE)
        assert "VIGIL_HANDOVER" not in Path(f"/proc/{daemon.pid('a')}/environ").read_text()
        opened = sorted(os.listdir(f"/proc/{daemon.pid('a')}/fd"), key=int)
        assert opened == ["0", "1", "2"], "nothing that was handed over reaches a child"


def test_doors_follow_the_configuration(tmp_path: Path) -> None:
    old, new = free_port(), free_port()
    with Daemon(tmp_path, INET.format(port=old) + quiet("a")) as daemon:
        daemon.wait_state("a", "RUNNING")
        daemon.conf.write_text(daemon.conf.read_text().replace(f":{old}", f":{new}"))
        upgrade(daemon)
        with Supervisor.at(f"http://127.0.0.1:{new}") as client:
            assert client.daemon_info()["generation"] == 1
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", old))
        assert daemon.ctl("status").code == 0


def test_a_changed_program_runs_on_until_update(tmp_path: Path) -> None:
    with Daemon(tmp_path, quiet("a") + quiet("b")) as daemon:
        for name in "ab":
            daemon.wait_state(name, "RUNNING")
        text = daemon.conf.read_text()
        daemon.conf.write_text(
            text.replace("[program:b]", "[program:b]\nenvironment=X=1") + quiet("c", "startsecs=0")
        )
        upgrade(daemon)
        assert daemon.ctl("status", "c").out.startswith("c: ERROR (no such process)")
        assert daemon.ctl("reread").out == "b: changed\nc: available\n"
        assert (starts(daemon, "a"), starts(daemon, "b")) == (1, 1)
        daemon.ctl("update")
        daemon.wait_state("c", "RUNNING")
        until(lambda: starts(daemon, "b") == 2)
        assert starts(daemon, "a") == 1


def test_reload_after_an_upgrade_keeps_its_meaning(tmp_path: Path) -> None:
    with Daemon(tmp_path, quiet("a")) as daemon:
        daemon.wait_state("a", "RUNNING")
        upgrade(daemon)
        assert daemon.ctl("reload").out == "Restarted supervisord\n"
        until(lambda: starts(daemon, "a") == 2)
        daemon.wait_state("a", "RUNNING")
        upgrade(daemon)
        assert starts(daemon, "a") == 2
        assert daemon.stop() == 0


def test_a_request_that_takes_long_is_answered_before_the_exec(tmp_path: Path) -> None:
    wait = f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    stubborn = f"sh -c \"trap '' TERM; echo ready > {tmp_path}/ready; {wait}\""
    with Daemon(tmp_path, program("s", stubborn, "startsecs=0", "stopwaitsecs=600")) as daemon:
        until((tmp_path / "ready").exists)
        told: list[str] = []

        def stop() -> None:
            with Supervisor.at(f"unix://{daemon.socket}") as client:
                try:
                    client.stop("s")
                except Exception as error:
                    told.append(str(error))

        thread = threading.Thread(target=stop)
        thread.start()
        daemon.wait_state("s", "STOPPING")
        upgrade(daemon)
        thread.join()
        assert told == [f"unix://{daemon.socket} answered 503 Service Unavailable"]
        (tmp_path / "go").touch()
        daemon.wait_state("s", "STOPPED")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a PID namespace here")
def test_as_pid_1_of_a_container(tmp_path: Path) -> None:
    prefix = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    if subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let us make namespaces")
    with Daemon(tmp_path, quiet("a"), command_prefix=prefix) as daemon:
        daemon.wait_state("a", "RUNNING")
        pid = daemon.pid("a")
        assert daemon.ctl("pid").out == "1\n"
        assert "pid 1 as before; 1 process runs on" in upgrade(daemon)
        assert (daemon.pid("a"), starts(daemon, "a")) == (pid, 1)
        daemon.ctl("shutdown")
        daemon.wait_end()


def test_in_the_background_and_from_another_directory(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    daemon = Daemon(tmp_path, quiet("a"))
    daemon.conf.write_text(
        daemon.conf.read_text().replace("[supervisord]", f"[supervisord]\ndirectory={tmp_path}/elsewhere")
    )
    subprocess.run(
        [str(daemon.bin / "supervisord"), "-c", "supervisord.conf"],
        cwd=tmp_path,
        env=daemon._environment(),
        check=True,
    )
    try:
        daemon.wait_state("a", "RUNNING")
        main = psutil.Process(int((tmp_path / "supervisord.pid").read_text()))
        daemon._known[main.pid] = main
        session = os.getsid(main.pid)
        assert f"pid {main.pid} as before; 1 process runs on" in upgrade(daemon)
        assert (os.getsid(main.pid), main.cwd()) == (session, f"{tmp_path}/elsewhere")
        assert os.readlink(f"/proc/{main.pid}/fd/1") == "/dev/null"
        assert (tmp_path / "supervisord.pid").read_text() == f"{main.pid}\n"
        assert starts(daemon, "a") == 1
        daemon.ctl("shutdown")
        until(lambda: not alive(main))
        assert not (tmp_path / "supervisord.pid").exists()
    finally:
        daemon.stop()


@pytest.mark.parametrize("streams", ["fifos", "pipes"])
def test_what_waits_to_be_read_by_a_program_goes_on_and_so_does_its_output(
    tmp_path: Path, streams: str
) -> None:
    """`pipes`: where no runtime directory can be made, an upgrade is survived all the same."""
    late = f'sh -c "echo start >> {tmp_path}/late.starts; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; exec cat"'
    text = (
        program("late", late, "startsecs=0", f"stdout_logfile={tmp_path}/late.log")
        + program("busy", LINES.format(name="busy"), f"stdout_logfile={tmp_path}/busy.log")
        + program("cat", "cat", "startsecs=0", f"stdout_logfile={tmp_path}/cat.log", "redirect_stderr=true")
    )
    with own_code(tmp_path) as lib:
        if streams == "pipes":
            with (lib / "vigild" / "host" / "runtime_dir.py").open("a") as file:
                file.write("\n\ndef _bases(environ, uid):\n    return ['/proc/nowhere']\n")
        with Daemon(tmp_path, text, env={"PYTHONPATH": str(lib)}) as daemon:
            daemon.wait_state("busy", "RUNNING")
            assert facts(daemon)["survives"] is (streams == "fifos")
            with Supervisor.at(f"unix://{daemon.socket}") as client:
                for number in range(3):
                    client.send_stdin("late", f"{number}" * 100_000)
                    client.send_stdin("cat", f"{number}\n")
                    upgrade(daemon)
            (tmp_path / "go").touch()
            expected = "".join(f"{number}" * 100_000 for number in range(3))
            until(lambda: len((tmp_path / "late.log").read_text()) == 300_000)
            assert (tmp_path / "late.log").read_text() == expected
            until(lambda: (tmp_path / "cat.log").read_text() == "0\n1\n2\n")
            assert starts(daemon, "late") == 1
            assert daemon.ctl("stop", "all").code == 0
            lines = (tmp_path / "busy.log").read_text().splitlines()
            assert lines == [f"busy {number}" for number in range(1, len(lines) + 1)]


def test_a_listener_goes_on_and_no_event_is_lost(tmp_path: Path) -> None:
    (tmp_path / "listener.py").write_text(
        "import sys, time\n"
        "from supervisor import childutils\n"
        f"print('start', file=open('{tmp_path}/l.starts', 'a', buffering=1))\n"
        "while True:\n"
        "    headers, payload = childutils.listener.wait()\n"
        f"    print(headers['eventname'], headers['serial'], payload, file=open('{tmp_path}/seen', 'a', buffering=1))\n"
        f"    time.sleep(0.03)\n"
        "    childutils.listener.ok()\n"
    )
    text = (
        f"[eventlistener:l]\ncommand={sys.executable} {tmp_path}/listener.py\nevents=REMOTE_COMMUNICATION\n"
        "buffer_size=1000\n"
    )
    with Daemon(tmp_path, text) as daemon:
        daemon.wait_state("l", "RUNNING")
        for number in range(60):
            with Supervisor.at(f"unix://{daemon.socket}") as client:
                client.rpc.call("supervisor.sendRemoteCommEvent", "t", f"event {number}.")
            if number in (20, 40):
                upgrade(daemon)
        seen = tmp_path / "seen"
        until(lambda: seen.exists() and "event 59." in seen.read_text())
        text = seen.read_text()
        assert [number for number in range(60) if f"event {number}." not in text] == []
        # At least once: what was on its way at the moment of an exec may come twice, with the same serial.
        assert text.count("REMOTE_COMMUNICATION") <= 62
        assert starts(daemon, "l") == 1
        assert "defect" not in daemon.log()


def test_a_service_manager_is_told(tmp_path: Path, short_tmp: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(short_tmp / "n"))
        manager.settimeout(DEADLINE_SECONDS)
        with Daemon(tmp_path, quiet("a"), env={"NOTIFY_SOCKET": str(short_tmp / "n")}) as daemon:

            def told(word: bytes) -> None:
                while word not in manager.recv(4096):
                    pass

            told(b"READY=1")
            upgrade(daemon)
            told(b"RELOADING=1")
            told(b"READY=1")


def test_a_log_that_takes_nothing_at_the_moment_gets_it_all_later(tmp_path: Path) -> None:
    log = tmp_path / "slow.log"
    os.mkfifo(log)
    reader = os.open(log, os.O_RDWR)
    text = program("a", f"sh -c 'seq 1 60000; touch {tmp_path}/all; sleep 1000'", f"stdout_logfile={log}")
    seen = bytearray()

    def read_on() -> bool:
        while select.select([reader], [], [], 0)[0]:
            seen.extend(os.read(reader, 1 << 16))
        return seen.endswith(b"\n60000\n")

    with Daemon(tmp_path, text) as daemon:
        daemon.wait_state("a", "RUNNING")
        for _ in range(2):
            upgrade(daemon)
        until(read_on, what="the end of the output")
        assert seen == b"".join(b"%d\n" % number for number in range(1, 60001))
    os.close(reader)


def test_an_image_that_cannot_go_on_says_so_and_the_next_daemon_adopts(tmp_path: Path) -> None:
    """The configuration breaks in the moment between check and exec."""
    with own_code(tmp_path) as lib, Daemon(tmp_path, quiet("a"), env={"PYTHONPATH": str(lib)}) as daemon:
        daemon.wait_state("a", "RUNNING")
        pid, good = daemon.pid("a"), daemon.conf.read_text()
        in_between(lib, f"open({str(daemon.conf)!r}, 'a').write('autostart=perhaps')")
        done = daemon.ctl("upgrade")
        assert (done.code, "could not go on and has ended" in done.out) == (1, True)
        assert daemon.wait_end() == 2
        assert "the new image cannot go on and ends" in daemon.log()
        assert "[program:a] autostart" in daemon.log()
        daemon.conf.write_text(good)
        daemon.start()
        daemon.wait_state("a", "RUNNING")
        assert (daemon.pid("a"), starts(daemon, "a")) == (pid, 1)
