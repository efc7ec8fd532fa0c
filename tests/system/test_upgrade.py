"""Upgrades in place of a real daemon with real programs, and clients that must not notice."""

import os
import re
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
from support.until import until
from vigild.client.supervisor import DaemonInfo, Supervisor

SOURCE = Path(vigild.__file__).parent
INET = "[inet_http_server]\nport=127.0.0.1:{port}\n\n"
LINES = 'sh -c "echo start >> %(here)s/{name}.starts; i=0; while :; do i=$((i+1)); echo {name} $i; sleep 0.002; done"'


def program(name: str, command: str, *options: str) -> str:
    return "\n".join([f"[program:{name}]", f"command={command}", *options, "", ""])


def quiet(name: str, *options: str) -> str:
    command = f'sh -c "echo start >> %(here)s/{name}.starts; exec sleep 1000"'
    return program(name, command, *options)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
        + quiet("starting", "startsecs=4")
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
    stubborn = f"sh -c \"trap '' TERM; echo ready > {tmp_path}/ready; while :; do sleep 0.05; done\""
    with Daemon(tmp_path, program("s", stubborn, "startsecs=0", "stopwaitsecs=6")) as daemon:
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


FCGI = """\
import os, socket, sys, time
listener = socket.socket(fileno=os.dup(0))
open(f"{sys.argv[1]}.{os.getpid()}", "w").close()
while not os.path.exists(f"{sys.argv[1]}.go"):
    time.sleep(0.02)
while True:
    peer, _ = listener.accept()
    peer.sendall(b"%d" % os.getpid())
    peer.close()
"""


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_a_shared_socket_goes_on_with_the_connections_in_its_queue(
    tmp_path: Path, short_tmp: Path, kind: str
) -> None:
    (tmp_path / "fcgi.py").write_text(FCGI)
    port = free_port()
    url = f"unix://{short_tmp}/f" if kind == "unix" else f"tcp://127.0.0.1:{port}"
    text = (
        f"[fcgi-program:f]\ncommand={sys.executable} {tmp_path}/fcgi.py {tmp_path}/f\nsocket={url}\n"
        "process_name=%(program_name)s_%(process_num)d\nnumprocs=2\nstartsecs=0\n"
    )

    def connected() -> socket.socket:
        if kind == "tcp":
            return socket.create_connection(("127.0.0.1", port))
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(f"{short_tmp}/f")
        return peer

    with Daemon(tmp_path, text) as daemon:
        until(lambda: len(list(tmp_path.glob("f.*"))) == 2)
        pids = {daemon.pid("f:f_0"), daemon.pid("f:f_1")}
        waiting = [connected() for _ in range(5)]
        upgrade(daemon)
        waiting.append(connected())
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not {daemon.pid("f:f_0"), daemon.pid("f:f_1")} & {*pids, 0})
        (tmp_path / "f.go").touch()
        answers = {int(peer.makefile("rb").read()) for peer in waiting}
        assert answers <= {daemon.pid("f:f_0"), daemon.pid("f:f_1")}, (
            "members started anew serve the same queue"
        )
        for peer in waiting:
            peer.close()
