"""A descriptor of another process becomes ours."""

import os
import socket
import subprocess
import sys

import pytest

from vigild.host.take_descriptor import take_descriptor


def test_a_socket_of_another_process_goes_on_after_its_end() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        address = listener.getsockname()
        holder = subprocess.Popen(["/bin/sleep", "1000"], stdin=listener.fileno(), stdout=subprocess.DEVNULL)
        taken = socket.socket(fileno=_taken_from(holder))
    client = socket.create_connection(address)
    holder.kill()
    holder.wait()
    peer, _ = taken.accept()  # it was in the backlog
    assert peer.getpeername() == client.getsockname()
    for each in (peer, client, taken):
        each.close()


def _taken_from(holder: "subprocess.Popen[bytes]") -> int:
    try:
        return take_descriptor(holder.pid, 0)
    except PermissionError:
        holder.kill()
        holder.wait()
        pytest.skip("this machine does not let us (Yama, or seccomp)")


@pytest.mark.skipif(sys.platform != "linux", reason="pidfd_getfd is Linux's")
def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        take_descriptor(os.getpid(), 9999)
    with pytest.raises(ProcessLookupError):
        take_descriptor(2**22, 0)
