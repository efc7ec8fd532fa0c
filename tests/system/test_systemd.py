"""The daemon under a service manager, played by the test: its messages, its watchdog, what it hands over and keeps."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from support.daemon import Daemon, wait_gone
from support.notify_socket import NotifySocket
from support.ports import free_port
from support.until import until
from vigild.host.service_manager import OWN_VARIABLES

SLEEP = "command=sleep 1000\nstartsecs=0\n"
WATCHDOG_SECONDS = 0.2

# Hands over what it makes as systemd does, and becomes the daemon.
HAND_OVER = """
import os, socket, sys
made, names = [], []
for word in sys.argv[1].split(","):
    names.append("")
    if "=" in word:
        names[-1], _, place = word.partition("=")
        made.append(os.dup2(os.open(place, os.O_RDONLY | os.O_NONBLOCK), 100 + len(made)))
        continue
    if word.startswith("/"):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(word)
    else:
        listener = socket.create_server(("127.0.0.1", int(word)))
    listener.listen()
    made.append(os.dup2(listener.detach(), 100 + len(made)))
for number, fd in enumerate(made):
    os.dup2(fd, 3 + number)
    os.close(fd)
os.environ.update(LISTEN_FDS=str(len(made)), LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=":".join(names))
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def manager(short_tmp: Path) -> Iterator[NotifySocket]:
    with NotifySocket(str(short_tmp / "n")) as manager:
        yield manager


def handing_over(*addresses: object) -> tuple[str, ...]:
    return (sys.executable, "-c", HAND_OVER, ",".join(map(str, addresses)))


def returning(store: dict[str, int]) -> tuple[str, ...]:
    """Hands over what was kept."""
    return handing_over(*(f"{name}=/proc/{os.getpid()}/fd/{fd}" for name, fd in store.items()))


def test_it_is_ready_when_everything_has_been_started(tmp_path: Path, manager: NotifySocket) -> None:
    conf = f"[program:web]\n{SLEEP}numprocs=40\nprocess_name=%(process_num)d\n"
    with Daemon(tmp_path, conf, {"NOTIFY_SOCKET": manager.path}) as daemon:
        assert daemon.process is not None
        message = manager.wait(READY="1")
        assert message.pid == daemon.process.pid
        assert message["STATUS"] == "programs: 40 running"
        assert daemon.log().count("spawned:") == 40
        daemon.ctl("stop", "web:7")
        assert manager.wait(STATUS="programs: 39 running, 1 stopped").pid == message.pid
        assert daemon.stop() == 0
        manager.wait(STOPPING="1", after=message)
        manager.take()
        slack = [m["EXTEND_TIMEOUT_USEC"] for m in manager.messages if "EXTEND_TIMEOUT_USEC" in m]
        assert [int(text) > 10_000_000 for text in slack] == [True]


def test_a_restart_is_a_reload(tmp_path: Path, manager: NotifySocket) -> None:
    with Daemon(tmp_path, f"[program:web]\n{SLEEP}", {"NOTIFY_SOCKET": manager.path}) as daemon:
        assert daemon.process is not None
        manager.wait(READY="1")
        daemon.process.send_signal(signal.SIGHUP)
        reload = manager.wait(RELOADING="1")
        assert reload["MONOTONIC_USEC"].isdigit()
        manager.wait(READY="1", after=reload)
        assert not any("STOPPING" in message for message in manager.messages)


def test_an_upgrade_is_a_reload_of_the_same_process(tmp_path: Path, manager: NotifySocket) -> None:
    # Nobody reads while supervisorctl runs, and a full socket holds some ten messages: one in two seconds must be enough.
    environ = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "4000000", "FDSTORE": "100"}
    with Daemon(tmp_path, f"[program:web]\n{SLEEP}", environ) as daemon:
        ready = manager.wait(READY="1")
        names = set(kept(manager))
        outcome = daemon.ctl("upgrade")
        assert (0, "") == (outcome.code, outcome.err)
        again = manager.wait(READY="1", after=manager.wait(RELOADING="1", after=ready))
        assert again.pid == ready.pid
        assert manager.wait(WATCHDOG="1", after=again).pid == ready.pid
        assert set(kept(manager)) == names
        daemon.stop()
        assert kept(manager) == {}


def test_children_do_not_see_what_is_meant_for_the_daemon(tmp_path: Path, manager: NotifySocket) -> None:
    found = tmp_path / "env"
    conf = f"[program:show]\ncommand=/bin/sh -c 'env > {found}.new && mv {found}.new {found}; sleep 1000'\n"
    own = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "60000000", "FDSTORE": "5", "LISTEN_FDS": "0"}
    with Daemon(tmp_path, conf, own):
        until(found.exists)
        names = {line.partition("=")[0] for line in found.read_text().splitlines()}
        assert "PATH" in names
        assert names.isdisjoint(OWN_VARIABLES)


def test_signs_of_life_end_when_the_daemon_hangs(tmp_path: Path, manager: NotifySocket) -> None:
    environ = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": str(int(WATCHDOG_SECONDS * 1_000_000))}
    with Daemon(tmp_path, "", environ) as daemon:
        assert daemon.process is not None
        ping = None
        for _ in range(4):
            ping = manager.wait(WATCHDOG="1", after=ping)
        daemon.process.send_signal(signal.SIGSTOP)
        until(lambda: Path(f"/proc/{daemon.process.pid}/stat").read_text().split()[2] == "T")  # type: ignore[union-attr]
        manager.take()
        last = manager.messages[-1]
        manager.socket.settimeout(WATCHDOG_SECONDS * 3)
        with pytest.raises(TimeoutError):
            manager.socket.recv(100)
        daemon.process.send_signal(signal.SIGCONT)
        manager.wait(WATCHDOG="1", after=last)


def test_in_the_background_the_new_process_takes_the_old_ones_place(
    tmp_path: Path, manager: NotifySocket
) -> None:
    # Leaves out the -n; the watchdog is asked of the process that is started, as systemd does.
    into_background = ("/bin/sh", "-c", 'shift; WATCHDOG_PID=$$ exec "$0" "$@"')
    # Nobody reads while supervisorctl runs, and a full socket holds some ten messages.
    environ = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "4000000"}
    daemon = Daemon(tmp_path, f"[program:web]\n{SLEEP}", environ, command_prefix=into_background)
    try:
        daemon.start(wait=False)
        assert daemon.process is not None
        assert daemon.wait_end() == 0
        ready = manager.wait(READY="1")
        assert ready.pid != daemon.process.pid
        assert manager.wait(MAINPID=str(ready.pid)).pid == daemon.process.pid, (
            "told by the one that was watched"
        )
        assert daemon.ctl("pid").out.strip() == str(ready.pid)
        assert manager.wait(WATCHDOG="1", after=ready).pid == ready.pid
        # A manager that reads, as systemd does all the time: ten messages wait in its socket, no more.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(daemon.ctl, "shutdown")
            manager.wait(STOPPING="1")
    finally:
        daemon.stop()


def test_doors_that_were_handed_over_are_served_and_survive(tmp_path: Path, short_tmp: Path) -> None:
    path, port = short_tmp / "door", free_port()
    conf = f"""
[unix_http_server]
file={path}
[inet_http_server]
port=127.0.0.1:{port}
[supervisord]
logfile={tmp_path}/supervisord.log
pidfile={tmp_path}/supervisord.pid
childlogdir={tmp_path}
[supervisorctl]
serverurl=unix://{path}
[program:web]
{SLEEP}
"""
    daemon = Daemon(tmp_path, conf, command_prefix=handing_over(path, port, short_tmp / "stray"))
    with daemon:
        assert daemon.process is not None
        before = path.stat().st_ino
        daemon.wait_state("web", "RUNNING")
        assert str(daemon.process.pid) in daemon.ctl("-s", f"http://127.0.0.1:{port}", "pid").out
        assert "LISTEN_FDS" in daemon.log()
        with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
            client.connect(str(short_tmp / "stray"))
        daemon.ctl("reload")
        until(lambda: daemon.log().count("entered RUNNING state, process has stayed up") == 2)
        daemon.wait_state("web", "RUNNING")
        assert str(daemon.process.pid) in daemon.ctl("-s", f"http://127.0.0.1:{port}", "pid").out
        assert daemon.ctl("upgrade").code == 0
        daemon.ctl("reload")
        until(lambda: daemon.log().count("entered RUNNING state, process has stayed up") == 3)
        assert str(daemon.process.pid) in daemon.ctl("-s", f"http://127.0.0.1:{port}", "pid").out
        child = Path(f"/proc/{daemon.pid('web')}/fd")
        assert {"0", "1", "2"} == {fd.name for fd in child.iterdir()}, "no child gets them"
        daemon.stop()
        assert path.stat().st_ino == before, "whoever made it removes it"


def kept(manager: NotifySocket) -> dict[str, int]:
    """What a manager with these messages keeps: descriptors by name."""
    manager.take()
    store: dict[str, int] = {}
    for message in manager.messages:
        if "FDSTORE" in message:
            store[message["FDNAME"]] = message.fds[0]
        elif "FDSTOREREMOVE" in message:
            del store[message["FDNAME"]]
    return store


def test_streams_are_kept_while_they_are_open(tmp_path: Path, manager: NotifySocket) -> None:
    conf = (
        f"[program:both]\n{SLEEP}\n[program:one]\n{SLEEP}redirect_stderr=true\n"
        f"[program:none]\n{SLEEP}stdout_logfile=NONE\nstderr_logfile=NONE\n"
    )
    with Daemon(tmp_path, conf, {"NOTIFY_SOCKET": manager.path, "FDSTORE": "100"}) as daemon:
        manager.wait(READY="1")
        names = sorted(kept(manager))
        assert [name.split("-")[0] for name in names] == ["fifo.both", "fifo.both", "fifo.one"]
        assert {name.rpartition(".")[2] for name in names} == {"out", "err"}
        daemon.ctl("stop", "both")
        until(lambda: [name.split("-")[0] for name in kept(manager)] == ["fifo.one"])
        daemon.ctl("start", "both")
        until(lambda: len(kept(manager)) == 3)
        assert set(kept(manager)) != set(names), "another spawn, other streams"
        daemon.stop()
        assert kept(manager) == {}


@pytest.mark.parametrize("tidied_away", [False, True])
def test_what_was_written_and_left_behind_is_not_lost(
    tmp_path: Path, manager: NotifySocket, tidied_away: bool
) -> None:
    go, log = tmp_path / "go", tmp_path / "p.log"
    os.mkfifo(go)
    conf = (
        f"[program:p]\ncommand=/bin/sh -c 'seq 500; read line < {go}; seq 501 3000'\nstartsecs=0\nautorestart=false\n"
        f"redirect_stderr=true\nstdout_logfile={log}\n[program:other]\n{SLEEP}"
    )
    environ = {"NOTIFY_SOCKET": manager.path, "FDSTORE": "100", "XDG_RUNTIME_DIR": str(tmp_path)}
    daemon = Daemon(tmp_path, conf, environ)
    with daemon:
        ready = manager.wait(READY="1")
        program = psutil.Process(daemon.pid("p"))
        daemon.kill()
        go.write_text("now\n")
        wait_gone([program])
        store = kept(manager)
        assert len(store) == 3
        (name,) = [name for name in store if name.startswith("fifo.p-")]
        if tidied_away:
            # Found by what it is, not by where the daemon puts it.
            Path(os.readlink(f"/proc/self/fd/{store[name]}")).unlink()
        daemon.command_prefix = returning(store)
        daemon.start()
        manager.wait(READY="1", after=ready)
        assert log.read_text().split() == [str(number) for number in range(1, 3001)]
        assert "p ended while no daemon ran; what it wrote was kept by the service manager" in daemon.log()
        assert daemon.state("p") == "EXITED"
        assert daemon.state("other") == "RUNNING"
        assert name not in kept(manager)
        assert len(kept(manager)) == 2, "those of the other are not kept twice"
        told = [message["FDNAME"] for message in manager.messages if "FDSTORE" in message]
        assert len(told) == 3


def test_without_a_store_nothing_is_kept(tmp_path: Path, manager: NotifySocket) -> None:
    with Daemon(tmp_path, f"[program:p]\n{SLEEP}", {"NOTIFY_SOCKET": manager.path}) as daemon:
        manager.wait(READY="1")
        daemon.stop()
        assert not any("FDNAME" in message for message in [*manager.messages, *manager.take()])
