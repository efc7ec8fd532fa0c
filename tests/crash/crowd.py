"""Two hundred programs that number their lines, ten of them busy, under a real daemon."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crash.numbered import Count, Notes, Writer, count_lines, make_writer, read_notes, total
from support.daemon import Daemon
from support.until import until
from vigild.client.supervisor import Supervisor

FRAME = """\
[unix_http_server]
file={socket}

[inet_http_server]
port=127.0.0.1:{port}
username=me
password=secret

[supervisord]
logfile={tmp}/supervisord.log
pidfile={tmp}/supervisord.pid
childlogdir={tmp}
{options}

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""

PROGRAM = """
[program:{name}]
command={command}
startsecs=0
autorestart=true
stdout_logfile={log}
stdout_logfile_maxbytes={maxbytes}
stdout_logfile_backups={backups}
redirect_stderr=true
"""

BURST_BYTES = 4 << 20
LOG_MAXBYTES = 1 << 20
LOG_BACKUPS = 200
LINES_A_WRITE = (1, 1, 3, 7, 20, 41, 100, 655, 655, 1000)


def make_writers(number: int, busy: int = 10) -> tuple[Writer, ...]:
    """`busy` of them flood when told to; of the others every second writes a line now and then."""
    floods = (
        Writer(
            f"busy{index}", 100, LINES_A_WRITE[index % 10], lines_a_second=50, burst_lines=BURST_BYTES // 100
        )
        for index in range(busy)
    )
    others = (Writer(f"calm{index}", lines_a_second=index % 2 * 2) for index in range(number - busy))
    return (*floods, *others)


@dataclass(slots=True)
class Crowd:
    """The programs and what is known of them outside of the daemon."""

    daemon: Daemon
    writers: tuple[Writer, ...]
    directory: Path
    port: int

    @property
    def notes(self) -> Notes:
        return read_notes(self.directory / "notes")

    def pids(self) -> dict[str, int]:
        """The pid of each program's first instance."""
        return {name: pids[0] for name, pids in self.notes.starts.items()}

    def told_pids(self) -> dict[str, int]:
        """The pids that the daemon tells, of those that it says are RUNNING."""
        with Supervisor.at(f"unix://{self.daemon.socket}") as client:
            return {info["name"]: info["pid"] for info in client.all_info() if info["statename"] == "RUNNING"}

    def wait_running(self) -> None:
        """Until the daemon says that all run."""
        until(lambda: set(self.told_pids()) == {writer.name for writer in self.writers}, what="all programs")

    def flood(self) -> None:
        """All busy writers write as fast as they can, for a while."""
        pids = self.pids()
        for writer in self.writers:
            if writer.burst_lines:
                os.kill(pids[writer.name], signal.SIGUSR1)

    def wait_written(self, name: str, lines: int) -> None:
        """Until this writer has written so many lines more."""
        pid = self.pids()[name]
        target = self.notes.written(name)[pid] + lines
        until(lambda: self.notes.written(name)[pid] >= target, what=f"{lines} lines of {name}")

    def count(self) -> Count:
        """Once all have ended: what became of all lines."""
        notes = self.notes
        return total(
            count_lines(writer, self.directory / f"{writer.name}.log", notes.written(writer.name))
            for writer in self.writers
        )

    def broken_logs(self) -> dict[str, Count]:
        """The logs with something wrong, for messages."""
        notes = self.notes
        counts = {
            writer.name: count_lines(
                writer, self.directory / f"{writer.name}.log", notes.written(writer.name)
            )
            for writer in self.writers
        }
        return {name: count for name, count in counts.items() if not count.is_perfect}


@contextmanager
def running_crowd(tmp: Path, number: int, port: int, options: str = "") -> Iterator[Crowd]:
    """A daemon with `number` writers, all of them started."""
    writers = make_writers(number)
    command = make_writer(tmp)
    programs = (
        PROGRAM.format(
            name=writer.name,
            command=" ".join(writer.argv(command, tmp / "notes")),
            log=tmp / f"{writer.name}.log",
            maxbytes=LOG_MAXBYTES,
            backups=LOG_BACKUPS,
        )
        for writer in writers
    )
    daemon = Daemon(tmp, "[supervisord]")
    daemon.conf.write_text(
        FRAME.format(socket=daemon.socket, tmp=tmp, port=port, options=options) + "".join(programs)
    )
    with daemon:
        crowd = Crowd(daemon, writers, tmp, port)
        crowd.wait_running()
        until(lambda: len(crowd.notes.starts) == number, what="the notes of all programs")
        yield crowd


def at_a_random_moment(crowd: Crowd) -> None:
    """Return somewhere in a flood, decided by how far one of the writers has come."""
    crowd.flood()
    crowd.wait_written(f"busy{random.randrange(10)}", random.randrange(BURST_BYTES // 100 // 2))


def assert_nothing_happened(crowd: Crowd) -> None:
    """All end, and then each has been started once, and every line is there once."""
    crowd.daemon.ctl("shutdown")
    assert crowd.daemon.wait_end(60) == 0
    notes = crowd.notes
    assert [] == notes.restarted()
    assert [] == notes.doubles
    assert [] == notes.errors
    assert {writer.name for writer in crowd.writers} == set(notes.ends)
    assert {} == crowd.broken_logs()
    assert crowd.count().written > 0
