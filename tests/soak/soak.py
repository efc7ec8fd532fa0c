"""One soak: warm up, note what the quiet daemon holds, churn, and demand the same of it when it is quiet again."""

import random
import sys
import time
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path

from soak.census import Census, take_census, voluntary_switches
from soak.churn import PROGRAMS, Churn
from soak.client import Rpc
from soak.receiver import Receiver
from support.daemon import Daemon
from support.until import DEADLINE_SECONDS, until

MISBEHAVE = Path(__file__).with_name("probes") / "misbehave.py"
SLOWEST_ANSWER_SECONDS = 10.0
RSS_SLACK_KIB = 4096
RSS_SLACK_SHARE = 0.15
WORKER_SLACK_KIB = 8192  # the warm-up of a short soak ends before they have met all that they will meet
LOG_MAXBYTES = 200_000
LOG_BACKUPS = 2
QUIET_SECONDS = 1.0
MOST_WAKEUPS_WHEN_QUIET = 3

FRAME = """\
[unix_http_server]
file={socket}

[supervisord]
logfile={tmp}/supervisord.log
logfile_maxbytes=500000
logfile_backups=1
pidfile={tmp}/supervisord.pid
childlogdir={tmp}
state_dir={tmp}/state
sample_interval=5

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}

[include]
files={tmp}/extra.conf
"""

PROGRAM = """
[program:{name}]
command={python} -ISB {script} {name}
autostart=false
autorestart=true
startsecs=0
flapping=1000/1s
stopwaitsecs=1
killasgroup=true
stdout_logfile_maxbytes={maxbytes}
stdout_logfile_backups={backups}
stdout_capture_maxbytes=10000
"""

NEVER = """
[program:never]
command=/nowhere/there/is/no/such/program
autostart=false
startretries=1
"""

LISTENER = """
[eventlistener:listen]
command={python} -ISB {script} listen
events=PROCESS_STATE,REMOTE_COMMUNICATION,PROCESS_COMMUNICATION,PROCESS_GROUP
buffer_size=100
autostart=false
autorestart=true
startsecs=0
flapping=1000/1s
startretries=1000000
"""

WORKERS = """
[alert:told]
url=exec:cat >/dev/null

[monitor:disk]
type=filesystem
path={tmp}
interval=5
rules=if space > 1% then alert

[forward:kept]
url=syslog://{receiver}
programs=crash,echo,fork,stubborn,extra*

[forward:lost]
url=syslog+tcp://127.0.0.1:9
programs=crash,echo
buffer_maxbytes=65536
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the soak saw. It passed when `faults` is empty."""

    before: Census
    after: Census
    turns: dict[str, int]
    answers: int
    slowest_answer_seconds: float
    lines_forwarded: int
    faults: tuple[str, ...]

    def text(self) -> str:
        lines = [
            f"turns: {self.turns}",
            f"{self.answers} questions answered, the slowest after {self.slowest_answer_seconds * 1000:.0f} ms",
            f"{self.lines_forwarded} lines forwarded",
            f"before: {sum(self.before.files.values())} files, {self.before.children} children, "
            f"{self.before.threads} threads, {self.before.rss_kib} KiB, workers {dict(self.before.workers)}",
            f"after: {sum(self.after.files.values())} files, {self.after.children} children, "
            f"{self.after.threads} threads, {self.after.rss_kib} KiB, workers {dict(self.after.workers)}",
            *(f"FAULT: {fault}" for fault in self.faults),
        ]
        return "\n".join(lines)


class Soak:
    """A daemon in `tmp` and its churn."""

    def __init__(self, tmp: Path) -> None:
        self.tmp = tmp
        self.daemon = Daemon(tmp, "[supervisord]\n")
        self.daemon.conf.write_text(self._configuration())
        self._write_extra(0)
        self._generation = 0

    def run(self, warm_up_seconds: float, seconds: float) -> Outcome:
        with Receiver(self.tmp / "log") as receiver, self.daemon:
            assert self.daemon.process is not None
            pid = self.daemon.process.pid
            self._rpc = Rpc(self.daemon.socket)
            churn = Churn(self.daemon.socket, pid, self._update)
            self._start_everything()
            churn.run(warm_up_seconds)
            before = self._quiet_census(pid, None)
            self._start_everything()
            churn.run(seconds)
            after = self._quiet_census(pid, before)
            faults = [*churn.complaints, *self._faults(churn, before, after), *self._wakes_when_quiet(pid)]
            faults += self._oversized_logs()
        if not receiver.lines:
            faults.append("nothing was forwarded")
        return Outcome(
            before,
            after,
            churn.turns,
            churn.answers,
            churn.slowest_answer_seconds,
            receiver.lines,
            tuple(faults),
        )

    def _quiet_census(self, pid: int, wanted: Census | None) -> Census:
        """Stop everything and wait until nothing is left over, or give up and tell what is."""
        self._write_extra(0)
        self._take_over()
        self._stop_everything()
        census = take_census(pid)

        def is_as_wanted() -> bool:
            nonlocal census
            census = take_census(pid)
            return census.children == 0 if wanted is None else census.holds_no_more_than(wanted)

        try:
            until(is_as_wanted, DEADLINE_SECONDS, "the daemon to let go of what churn made it hold")
        except AssertionError:
            pass  # the surplus becomes a fault, with its name
        return self._settled(pid, census) if wanted is None else census

    def _settled(self, pid: int, first: Census) -> Census:
        """The least it holds: what it lets go of in the next moments does not count as held before."""
        least, deadline = first, time.monotonic() + QUIET_SECONDS
        while time.monotonic() < deadline:
            census = take_census(pid)
            if least.surplus_over(census):
                least, deadline = census, time.monotonic() + QUIET_SECONDS
            self._rpc.call("supervisor.getState")
        return least

    def _faults(self, churn: Churn, before: Census, after: Census) -> list[str]:
        found = []
        if surplus := after.surplus_over(before):
            found.append(f"held after the churn and not before: {surplus}")
        slack = max(RSS_SLACK_KIB, int(before.rss_kib * RSS_SLACK_SHARE))
        grown = [("the daemon", before.rss_kib, after.rss_kib, slack)]
        grown += [
            (name, before.workers[name], rss, WORKER_SLACK_KIB)
            for name, rss in after.workers.items()
            if name in before.workers
        ]
        for name, first, last, slack in grown:
            if last > first + slack:
                found.append(f"memory of {name} grew from {first} to {last} KiB (bound {first + slack})")
        if churn.slowest_answer_seconds > SLOWEST_ANSWER_SECONDS:
            found.append(f"an answer took {churn.slowest_answer_seconds:.1f} s")
        if idle := [
            name
            for name in ("orders", "logs", "bad_clients", "updates", "events")
            if not churn.turns.get(name)
        ]:
            found.append(f"the churn did nothing: {idle}")
        return found

    def _wakes_when_quiet(self, pid: int) -> list[str]:
        """A timer or task that was left behind wakes the daemon up; one that has nothing to do sleeps."""

        def has_woken(first: int) -> bool:
            return voluntary_switches(pid) - first > MOST_WAKEUPS_WHEN_QUIET

        def is_asleep() -> bool:
            first, deadline = voluntary_switches(pid), time.monotonic() + QUIET_SECONDS
            until(lambda: has_woken(first) or time.monotonic() > deadline)
            return not has_woken(first)

        try:
            until(is_asleep, DEADLINE_SECONDS, "the quiet daemon to sleep")
        except AssertionError:
            return [
                "the daemon keeps waking up though nothing runs and nobody asks: a timer or a task is left over"
            ]
        return []

    def _oversized_logs(self) -> list[str]:
        """Rotation bounds the flood's logs, whatever was cleared and reopened meanwhile."""
        size = sum(path.stat().st_size for path in self.tmp.glob("flood-stdout*"))
        bound = LOG_MAXBYTES * (LOG_BACKUPS + 1) * 2  # room for one large read beyond maxbytes in each
        return [f"the logs of flood hold {size} bytes, more than {bound}"] if size > bound else []

    def _start_everything(self) -> None:
        for name in ("listen", *PROGRAMS):
            try:
                self._rpc.call("supervisor.startProcess", name, False)
            except xmlrpc.client.Fault:
                pass  # running already, or never to run

    def _stop_everything(self) -> None:
        def all_stopped() -> bool:
            self._rpc.call("supervisor.stopAllProcesses")
            return all(info["pid"] == 0 for info in self._rpc.call("supervisor.getAllProcessInfo"))

        until(all_stopped, DEADLINE_SECONDS, "every program to stop")

    def _update(self) -> None:
        self._generation += 1
        self._write_extra(random.randrange(6))
        self._take_over()

    def _take_over(self) -> None:
        """What `supervisorctl update` does."""
        added, changed, removed = self._rpc.call("supervisor.reloadConfig")[0]
        for name in [*removed, *changed]:
            self._rpc.call("supervisor.stopProcessGroup", name)
            self._rpc.call("supervisor.removeProcessGroup", name)
        for name in [*changed, *added]:
            self._rpc.call("supervisor.addProcessGroup", name)

    def _write_extra(self, number: int) -> None:
        """`number` programs that come and go with the updates, changed a little each time."""
        sections = [
            f"[program:extra{index}]\ncommand={sys.executable} -ISB {MISBEHAVE} echo\nnumprocs={random.randrange(1, 3)}\n"
            f"process_name=%(program_name)s_%(process_num)d\nstartsecs=0\npriority={random.randrange(999)}\n"
            for index in range(number)
        ]
        (self.tmp / "extra.conf").write_text("\n".join(sections))

    def _configuration(self) -> str:
        where = {
            "python": sys.executable,
            "script": MISBEHAVE,
            "maxbytes": LOG_MAXBYTES,
            "backups": LOG_BACKUPS,
        }
        programs = [PROGRAM.format(name=name, **where) for name in PROGRAMS if name != "never"]
        frame = FRAME.format(socket=self.daemon.socket, tmp=self.tmp)
        workers = WORKERS.format(tmp=self.tmp, receiver=self.tmp / "log")
        return "\n".join([frame, *programs, NEVER, LISTENER.format(**where), workers])
