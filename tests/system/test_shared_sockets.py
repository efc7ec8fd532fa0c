"""The socket of a fcgi-program outlives the daemon, and the connections that wait in its queue with it."""

import os
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.ports import free_port
from support.until import until

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


def connected(address: str | int) -> socket.socket:
    if isinstance(address, int):
        return socket.create_connection(("127.0.0.1", address))
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(address)
    return peer


def words_of(peer: socket.socket) -> int:
    with peer.makefile("rb") as file:
        return int(file.read())


@pytest.mark.parametrize("kind", ["unix", "tcp"])
@pytest.mark.parametrize("what", ["upgrade", "crash", "crash of the daemon and a member"])
def test_members_started_anew_serve_the_same_queue(
    tmp_path: Path, short_tmp: Path, kind: str, what: str
) -> None:
    (tmp_path / "fcgi.py").write_text(FCGI)
    address = f"{short_tmp}/f" if kind == "unix" else free_port()
    url = f"unix://{address}" if kind == "unix" else f"tcp://127.0.0.1:{address}"
    text = (
        f"[fcgi-program:f]\ncommand={sys.executable} {tmp_path}/fcgi.py {tmp_path}/f\nsocket={url}\n"
        "process_name=%(program_name)s_%(process_num)d\nnumprocs=2\nstartsecs=0\n"
    )
    with Daemon(tmp_path, text) as daemon, ExitStack() as stack:
        until(lambda: len(list(tmp_path.glob("f.*"))) == 2)
        pids = [daemon.pid("f:f_0"), daemon.pid("f:f_1")]
        waiting = [stack.enter_context(connected(address)) for _ in range(5)]
        if what == "upgrade":
            assert daemon.ctl("upgrade").code == 0
        else:
            daemon.kill()
            if what != "crash":
                os.kill(pids[0], signal.SIGKILL)
            daemon.start()
        waiting.append(stack.enter_context(connected(address)))
        if "cannot take the socket" in daemon.log():
            pytest.skip("this machine does not let us take descriptors (Yama, or seccomp)")
        assert daemon.pid("f:f_1") == pids[1]
        for pid in pids[what.endswith("member") :]:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not {daemon.pid("f:f_0"), daemon.pid("f:f_1")} & {*pids, 0})
        (tmp_path / "f.go").touch()
        answers = {words_of(peer) for peer in waiting}
        assert answers <= {daemon.pid("f:f_0"), daemon.pid("f:f_1")}
        assert "Creating socket" not in daemon.log().partition("Creating socket")[2]
        assert daemon.ctl("stop", "f:*").code == 0
        assert daemon.log().count("Closing socket") == 1
