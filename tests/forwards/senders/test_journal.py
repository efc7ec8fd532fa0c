import array
import fcntl
import mmap
import os
import socket
from pathlib import Path

import pytest

from support.forwarder import Forwarder
from support.journald import Journald
from support.until import DEADLINE_SECONDS, until
from vigild.core.backlog import batch_of
from vigild.core.forwarding import DELIVERED
from vigild.core.output_lines import Block, Source
from vigild.forwards.senders.journal import JournalSender, send_in_memory
from vigild.wire.forward_urls import Journald as JournaldTarget

SOURCE = Source("web:web_1", "web", "web_1", "stdout", 42)


@pytest.mark.slow
def test_the_real_journal_takes_it(short_tmp: Path) -> None:
    with Journald(short_tmp) as journal:
        url = f"journald://{journal.socket}?facility=local2"
        with Forwarder({"name": "f", "url": url, "labels": [["team", "späti"]]}) as forwarder:
            forwarder.open(1, "web:web_1")
            huge = b"y" * 60_000
            forwarder.data(1, b"<3>h\xc3\xa4llo\nraw \xff\x00 bytes\n" + huge + b"\n")
            until(lambda: len(journal.entries("VIGIL_PROGRAM=web:web_1")) == 3)
            assert forwarder.test("f")["ok"]
        first, second, third = journal.entries("VIGIL_PROGRAM=web:web_1")
    expected = {
        "MESSAGE": "hällo",
        "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": "web_1",
        "SYSLOG_FACILITY": "18",
        "SYSLOG_PID": "42",
        "VIGIL_GROUP": "web",
        "VIGIL_STREAM": "stdout",
        "TEAM": "späti",
        "_TRANSPORT": "journal",
    }
    assert expected == {name: first[name] for name in expected}
    assert b"raw \xff\x00 bytes" == bytes(second["MESSAGE"])
    assert huge.decode() == third["MESSAGE"]


@pytest.mark.slow
def test_the_real_journal_takes_what_is_too_long_for_a_datagram(short_tmp: Path) -> None:
    with Journald(short_tmp) as journal, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect(str(journal.socket))
        send_in_memory(sock, b"SYSLOG_IDENTIFIER=large\nMESSAGE=" + b"z" * 500_000 + b"\n")
        (entry,) = until(lambda: journal.entries("SYSLOG_IDENTIFIER=large"))
    assert "z" * 500_000 == entry["MESSAGE"]


def test_an_entry_is_a_datagram_of_fields(short_tmp: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(short_tmp / "j"))
        receiver.settimeout(DEADLINE_SECONDS)
        sender = JournalSender(JournaldTarget("journald:", str(short_tmp / "j")), {})
        assert DELIVERED == sender.send(batch_of([Block(SOURCE, 1, b"a\nb", 2)]))
        entries = [receiver.recv(10_000) for _ in range(2)]
        sender.close()
    assert [b"MESSAGE=a", b"MESSAGE=b"] == [entry.splitlines()[-1] for entry in entries]


def test_what_is_too_long_comes_in_a_file_that_nobody_can_change() -> None:
    """As systemd documents it: no bytes, one descriptor of a sealed memfd."""
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, other:
        send_in_memory(one, b"MESSAGE=" + b"x" * 300_000 + b"\n")
        size = array.array("i").itemsize
        data, ancillary, _, _ = other.recvmsg(100, socket.CMSG_SPACE(size))
        ((level, kind, packed),) = ancillary
        (fd,) = array.array("i", packed[:size])
    assert (b"", socket.SOL_SOCKET, socket.SCM_RIGHTS) == (data, level, kind)
    try:
        seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
        assert seals == fcntl.fcntl(fd, fcntl.F_GET_SEALS) & seals
        with mmap.mmap(fd, 0, prot=mmap.PROT_READ) as content:
            assert 300_009 == len(content)
        with pytest.raises(PermissionError):
            os.write(fd, b"x")
    finally:
        os.close(fd)
