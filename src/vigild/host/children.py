"""Spawning children and holding their ends: the `ChildHost` port.

A spawn is `subprocess` with vfork (fork where the user is switched or limits are set: CPython forbids
vfork there). The daemon learns in the same call whether the exec worked, and if not, at which step it
failed. Popen is used for that one call and then made to forget the child: reaping belongs to
`host.reaper`.
"""

import asyncio
import errno
import itertools
import os
import subprocess
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from vigild.core.frozen import plain
from vigild.core.listener import Traces
from vigild.engine.ports import (
    Child,
    ChildRequest,
    Command,
    CommandProblem,
    Journal,
    Log,
    Remains,
    SpawnFailure,
    StreamPlan,
)
from vigild.host.commands import find_command
from vigild.host.identity import Accounts
from vigild.host.logfiles import ChildLogs
from vigild.host.pidfd import ExitWatch, open_watches
from vigild.host.pipeline import needs_pipeline
from vigild.host.procfs import start_ticks, stat_of
from vigild.host.remains import find_remains, open_removed
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir, unlink_quietly
from vigild.host.stdin import StdinWriter
from vigild.host.steps import Steps
from vigild.host.streams import OutputStream, StreamHub
from vigild.host.syslog import Syslog

if TYPE_CHECKING:
    from vigild.host.descriptor_store import DescriptorStore

NOT_ROOT = "Can't drop privilege as nonroot user"


class RunningChild:
    """The `Child` port: a pid, its stdin, its streams."""

    __slots__ = ("_stdin", "_streams", "_watch", "pid", "start_ticks")

    def __init__(
        self, pid: int, start_ticks: int, stdin: StdinWriter | None, streams: list[OutputStream]
    ) -> None:
        self.pid = pid
        self.start_ticks = start_ticks
        self._watch: ExitWatch | None = None
        self._stdin = stdin
        self._streams = streams

    def write_stdin(self, data: bytes) -> None:
        """Queue bytes for its stdin. Raises BrokenPipeError."""
        if self._stdin is None:
            raise BrokenPipeError(errno.EPIPE, "the process has no stdin to write to")
        self._stdin.write(data)

    def mark_streams(self, room_bytes: int) -> None:
        """Before an event: let it show from now on whether it was sent and answered."""
        if self._stdin is not None and self._streams and self._streams[0].fd >= 0:
            try:
                # In this order: where only the first is marked, the event was not sent.
                self._stdin.mark(room_bytes)
                self._streams[0].mark()
            except OSError:
                pass  # nobody reads it: the write will say so

    def traces(self) -> Traces | None:
        """What showed since the last mark."""
        was_sent = self._stdin.was_written() if self._stdin is not None else None
        if was_sent is None or not self._streams or self._streams[0].fd < 0:
            return None
        return Traces(was_sent, self._streams[0].was_read_out())

    def watch(self, watch: ExitWatch) -> None:
        """Somebody else reaps it: `watch` says when it has ended."""
        self._watch = watch

    def finish(self) -> None:
        """It is dead: deliver what is left, let go."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        if self._stdin is not None:
            self._stdin.close()
            self._stdin = None
        streams, self._streams = self._streams, []
        for stream in streams:
            stream.finish()


@plain
class _Ends:
    """Both ends of one stream: the child's, and the daemon's (-1: none yet) with the FIFO's path, if any."""

    child_fd: int
    daemon_fd: int = -1
    fifo: str | None = None
    name: str = ""  # as the FIFO is called, or would be

    def abandon(self) -> None:
        for fd in (self.child_fd, self.daemon_fd):
            if fd >= 0:
                os.close(fd)
        if self.fifo is not None:
            os.unlink(self.fifo)


class Children:
    """The `ChildHost` port on the real machine."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        runtime: RuntimeDir | NoRuntimeDir,
        logs: ChildLogs,
        log: Log,
        *,
        syslog: Syslog | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._loop = loop
        self._directory = runtime.path if isinstance(runtime, RuntimeDir) else None
        self._logs = logs
        self._log = log
        self._hub = StreamHub(loop, logs, syslog or Syslog(), directory=self._directory, journal=journal)
        if self._hub.recorder_problem:
            log.warn(
                f"cannot record what is being read ({self._hub.recorder_problem}): if this daemon is killed, the "
                "output it has just read is lost; free some space there and restart"
            )
        # Not from the pid: a daemon that executes itself anew keeps it, and its children's FIFOs are still there.
        self._spawn_ids = map(f"{time.monotonic_ns():x}-{{:x}}".format, itertools.count(1))
        self._is_root = os.geteuid() == 0
        self._accounts = Accounts()
        self._claimed: set[str] | None = set()  # names of FIFOs that have a child, until `sweep`
        self._writers: set[StdinWriter] = set()  # that have their end open
        self._pipe_names: dict[int, str] = {}  # where there are no FIFOs with names
        self._unwatched: list[RunningChild] = []  # adopted; their ends are not heard of yet
        self._goes_without = False  # the last FIFO could not be made
        self._inherited: dict[str, tuple[int, bytes]] = {}
        self.on_directory_lost: Callable[[], None] = lambda: None
        self._plans_by_name: dict[str, tuple[StreamPlan, StreamPlan]] = {}
        self.on_exit: Callable[[int, int | None], None] = lambda pid, wait_status: (
            None
        )  # of adopted processes

    def close(self) -> None:
        """At the end of the daemon: let go of all streams."""
        self._hub.close()

    def renew_sinks(self, *, drain: bool = False) -> None:
        """What taps want has changed: open and close the sinks of open streams. `drain`: read what is there before."""
        self._hub.renew_sinks(drain=drain)

    def keep_streams_in(self, store: "DescriptorStore") -> None:
        """From now on `store` keeps what children have written while no daemon lives."""
        self._hub.store = store

    def is_kept(self, name: str, spawn_id: str) -> bool:
        """Was the output of this spawn kept while no daemon lived? To be asked before it is adopted."""
        store = self._hub.store
        return store is not None and store.was_returned(f"{_stem(name, spawn_id)}.out")

    def find_command(self, command: str, environment: dict[str, str]) -> Command | CommandProblem:
        """Split `command` as a shell would and find its program on PATH."""
        return find_command(command, environment)

    def kill(self, pid: int, signum: int, as_group: bool) -> None:
        """Send a signal to the process, or to its process group. Raises OSError."""
        if not as_group:
            os.kill(pid, signum)
            return
        try:
            os.kill(-pid, signum)
        except ProcessLookupError:
            group = os.getpgid(pid)  # one that went to the background leads no group, but is in one
            os.kill(-group if group != os.getpgrp() else pid, signum)

    def new_spawn_id(self) -> str:
        """A name for one spawn that no other spawn on this machine has, until it is booted anew."""
        return next(self._spawn_ids)

    def close_logs(self, plan: StreamPlan) -> None:
        """Nothing writes to this plan's log any more."""
        if plan.logfile is not None:
            self._logs.close_unused(plan.logfile)

    def spawn(self, request: ChildRequest) -> RunningChild | SpawnFailure:
        """Run it. Any failure is a value, and is told in the child's own error log too, as Supervisor does."""
        if request.uid is not None and request.uid != os.geteuid():
            problem = self._user_problem(request.uid)
            if problem is not None:
                return self._told(request, SpawnFailure("setuid", errno.EPERM, problem))
        ends: list[_Ends] = []
        try:
            self._open_ends(request, ends)
        except OSError as error:
            for end in ends:
                end.abandon()
            return SpawnFailure("streams", error.errno or 0, _streams_text(request.name, error))
        outcome = self._run(request, ends)
        if isinstance(outcome, SpawnFailure):
            for end in ends:
                end.abandon()
            return self._told(request, outcome)
        return self._parent_side(request, ends, outcome)

    def follow(self, child: Child, pid: int) -> None:
        """What `child` launched is the process now; if it is somebody else's child, it is watched."""
        assert isinstance(child, RunningChild)
        stat = stat_of(pid)
        child.pid = pid
        child.start_ticks = 0 if stat is None else stat.start_ticks
        if stat is None or stat.ppid != os.getpid():
            child.watch(ExitWatch(self._loop, pid, child.start_ticks, self.on_exit))

    # -- adoption ----------------------------------------------------------------------------------

    def find(self, pid: int, start_ticks: int, spawn_id: str) -> Remains:
        """What is left of a child of the old daemon; with `pid` 0, of a spawn that it did not see the end of."""
        return find_remains(pid, start_ticks, spawn_id, self._directory)

    def adopt(
        self,
        remains: Remains,
        name: str,
        spawn_id: str,
        stdout: StreamPlan,
        stderr: StreamPlan | None,
        *,
        has_stdin: bool,
    ) -> RunningChild:
        """Take over its streams, as far as they are still there, and hear of its end if it lives.

        Raises OSError when no more files can be opened.
        """
        stem = _stem(name, spawn_id)
        pid = remains.pid
        stdin = self._adopt_stdin(f"{stem}.in", pid) if has_stdin and pid else None
        streams = [
            stream
            for suffix, plan in (("out", stdout), ("err", stderr))
            if plan is not None and (stream := self._adopt_stream(f"{stem}.{suffix}", plan, pid)) is not None
        ]
        child = RunningChild(remains.pid, remains.start_ticks, stdin, streams)
        if remains.pid and not remains.is_ours:
            self._unwatched.append(child)
        if self._claimed is None:
            self._watch_adopted()
        else:
            self._claimed.update(f"{stem}.{suffix}" for suffix in ("in", "out", "err"))
        self._plans_by_name[_stem(name, "")] = (stdout, stderr or stdout)
        return child

    def _adopt_stdin(self, name: str, pid: int) -> StdinWriter | None:
        fd, queue = self._inherited.pop(name, (-1, b""))
        if fd < 0 and self._directory is None:
            return None
        fifo = None if self._directory is None else f"{self._directory}/{name}"
        if fd < 0 and fifo is not None and not os.path.exists(fifo):
            fd = open_removed(fifo, pid, os.O_WRONLY)
        writer = self._writer(name, fifo, fd)
        if queue:
            try:
                writer.write(queue)
            except BrokenPipeError:
                pass  # it reads no more, or is dead
        return writer

    def _adopt_stream(self, name: str, plan: StreamPlan, pid: int = 0) -> OutputStream | None:
        fd, state = self._inherited.pop(name, (-1, None))
        if fd < 0 and self._directory is None:
            return None
        if self._directory is None:
            self._pipe_names[fd] = name
            return self._hub.adopt(None, plan, fd=fd, state=state, pid=pid)
        fifo = f"{self._directory}/{name}"
        try:
            return self._hub.adopt(fifo, plan, fd=fd, state=state, pid=pid)
        except OSError as error:  # its output went nowhere, or somebody has tidied the directory away
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise  # it would wait for ever, once its pipe is full
            fd = -1 if self._hub.store is None else self._hub.store.take_back(name)
            if fd < 0 and pid:
                fd = open_removed(fifo, pid, os.O_RDONLY)
            return None if fd < 0 else self._hub.adopt(fifo, plan, fd=fd, pid=pid)

    def _writer(self, name: str, fifo: str | None, fd: int = -1) -> StdinWriter:
        return StdinWriter(self._loop, fifo, fd, name=name, open_ones=self._writers)

    # -- the next image of the daemon --------------------------------------------------------------

    def release(self) -> list[tuple[str, int, bytes]]:
        """Stop reading. All open ends: name, descriptor, what waits in us; for `inherit` in the next image."""
        ends = [writer.describe() for writer in self._writers]
        for stream in self._hub.release():
            name = (
                self._pipe_names.get(stream.fd, "") if stream.fifo is None else os.path.basename(stream.fifo)
            )
            ends.append((name, stream.fd, stream.state))
        return ends

    def resume(self) -> None:
        """There was no next image: read on."""
        self._hub.resume()

    def inherit(self, name: str, fd: int, data: bytes) -> None:
        """An end that the image before this one had open, to be found by `adopt`."""
        self._inherited[name] = (fd, data)

    def close_inherited(self) -> None:
        """All are adopted: let go of the ends that nobody claimed."""
        for fd, _ in self._inherited.values():
            os.close(fd)
        self._inherited.clear()

    def sweep(self) -> None:
        """Every child is adopted: read on.

        Of the FIFOs that no child was adopted with, too, if a descendant still writes to them.
        """
        for name in os.listdir(self._directory) if self._directory is not None else ():
            stem, _, suffix = name.rpartition(".")
            if name in (self._claimed or ()) or not stem:
                continue
            nowhere = StreamPlan(suffix, None)  # it must not wait for ever, wherever that goes
            plans = self._plans_by_name.get(
                f"{stem.rpartition('-')[0].rpartition('-')[0]}-", (nowhere, nowhere)
            )
            if suffix in ("out", "err"):
                stream = self._adopt_stream(name, plans[suffix == "err"])
                if stream is not None:
                    stream.finish()
            elif suffix == "in":
                unlink_quietly(f"{self._directory}/{name}")
        self._claimed = None
        self._plans_by_name.clear()
        self._watch_adopted()
        self._hub.start()
        if self._hub.salvaged_bytes:
            self._log.info(
                f"wrote {self._hub.salvaged_bytes} bytes of output that the daemon before this one had read and "
                "not written"
            )

    def _watch_adopted(self) -> None:
        """Hear of the ends of the adopted. After all their streams are open: those matter more."""
        children, self._unwatched = self._unwatched, []
        known = [(child.pid, child.start_ticks) for child in children]
        watches, polled = open_watches(self._loop, known, self.on_exit)
        for child, watch in zip(children, watches, strict=True):
            child.watch(watch)
        if polled:
            self._log.warn(
                f"the limit of open files leaves no room to be told of the end of {polled} adopted processes, so they "
                "are looked at every second; raise the limit (minfds, LimitNOFILE=) and restart this daemon when "
                "convenient"
            )

    # -- streams -----------------------------------------------------------------------------------

    def _open_ends(self, request: ChildRequest, ends: list[_Ends]) -> None:
        """Append stdin, stdout and (unless redirected) stderr to `ends`. Raises OSError half-way."""
        stem = _stem(request.name, request.spawn_id or self.new_spawn_id())
        if request.stdin_fd is None:
            ends.append(self._input_ends(f"{stem}.in", request.uid))
        else:
            ends.append(_Ends(os.dup(request.stdin_fd)))
        ends.append(self._output_ends(f"{stem}.out", request.stdout, request.uid))
        if request.stderr is not None:
            ends.append(self._output_ends(f"{stem}.err", request.stderr, request.uid))

    def _input_ends(self, name: str, uid: int | None) -> _Ends:
        fifo = self._make_fifo(name, uid)
        if fifo is None:
            child_fd, daemon_fd = os.pipe()
            os.set_blocking(daemon_fd, False)
            return _Ends(child_fd, daemon_fd, name=name)
        try:
            return _Ends(os.open(fifo, os.O_RDWR | os.O_CLOEXEC), fifo=fifo, name=name)
        except OSError:
            os.unlink(fifo)
            raise

    def _output_ends(self, name: str, plan: StreamPlan, uid: int | None) -> _Ends:
        has_file = plan.logfile is not None and plan.logfile != "/dev/null"
        if not has_file and not needs_pipeline(plan):
            return _Ends(os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC))  # nobody would look at it
        fifo = self._make_fifo(name, uid)
        if fifo is None:
            daemon_fd, child_fd = os.pipe()
            os.set_blocking(daemon_fd, False)
            return _Ends(child_fd, daemon_fd, name=name)
        child_fd = -1
        try:
            child_fd = os.open(fifo, os.O_RDWR | os.O_CLOEXEC)
            daemon_fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            if child_fd >= 0:
                os.close(child_fd)
            os.unlink(fifo)
            raise
        return _Ends(child_fd, daemon_fd, fifo, name)

    def _make_fifo(self, name: str, uid: int | None) -> str | None:
        """A FIFO for one stream; None where there can be none, and a plain pipe must do. Raises OSError."""
        if self._directory is None:
            return None
        fifo = f"{self._directory}/{name}"
        if self._claimed is not None:  # a spawn that the dead daemon did not get to
            self._claimed.add(name)
        try:
            self._mkfifo(fifo, self._directory)
        except OSError as error:
            if not self._goes_without:
                self._goes_without = True
                self._log.critical(
                    f"cannot make {fifo}: {error.strerror}; programs that are started now get plain pipes, and their "
                    "output will not survive a crash of this daemon"
                )
            return None
        self._goes_without = False
        if uid is not None and self._is_root:
            try:
                os.chown(fifo, uid, -1)  # so that the child can open its /dev/stdout again
            except PermissionError:
                pass  # root without CAP_CHOWN; the descriptors work all the same
            except OSError:
                os.unlink(fifo)
                raise
        return fifo

    def _mkfifo(self, fifo: str, directory: str) -> None:
        try:
            os.mkfifo(fifo, 0o600)
        except FileNotFoundError:  # somebody tidied the directory away; the daemon must go on
            os.makedirs(directory, 0o700)
            os.mkfifo(fifo, 0o600)
            self._log.critical(
                f"{directory} was removed by somebody: what ran before can no longer be adopted as a whole; "
                "exempt it from whatever cleans up there, and restart when convenient"
            )
            self._hub.renew()
            self.on_directory_lost()

    def _parent_side(self, request: ChildRequest, ends: list[_Ends], pid: int) -> RunningChild:
        for end in ends:
            os.close(end.child_fd)
        stdin: StdinWriter | None = None
        if request.stdin_fd is None:
            stdin = self._writer(ends[0].name, ends[0].fifo, ends[0].daemon_fd)
        plans = [request.stdout] if request.stderr is None else [request.stdout, request.stderr]
        for end in ends[1:]:
            if end.fifo is None and end.daemon_fd >= 0:
                self._pipe_names[end.daemon_fd] = end.name
        streams = [
            self._hub.open(end.daemon_fd, end.fifo, plan, pid)
            for end, plan in zip(ends[1:], plans, strict=True)
            if end.daemon_fd >= 0
        ]
        return RunningChild(pid, start_ticks(pid) or 0, stdin, streams)

    # -- the spawn itself --------------------------------------------------------------------------

    def _run(self, request: ChildRequest, ends: list[_Ends]) -> int | SpawnFailure:
        environment = request.environment
        steps: Steps | None = None
        user: int | None = None
        group: int | None = None
        groups: tuple[int, ...] | None = None
        try:
            if request.setup is not None:
                from vigild.host.setup import prepare  # late: most programs have none

                ready = prepare(request, self._accounts)
                if isinstance(ready, SpawnFailure):
                    return ready
                environment, steps = ready.environment, ready.steps
            if steps is None and request.uid is not None and request.uid != os.geteuid():
                user = request.uid
                account = self._accounts.user(user)
                group, groups = (account.gid, account.gids) if account is not None else (None, None)
            process = subprocess.Popen(
                request.argv,
                executable=request.filename,
                stdin=ends[0].child_fd,
                stdout=ends[1].child_fd,
                stderr=ends[-1].child_fd if request.stderr is not None else ends[1].child_fd,
                close_fds=True,
                cwd=request.directory,
                env=environment,
                umask=-1 if request.umask is None else request.umask,
                user=user,
                group=group,
                extra_groups=groups,
                process_group=0,
                preexec_fn=steps.run if steps is not None else None,  # noqa: PLW1509  (system calls only)
            )
        except subprocess.SubprocessError as error:
            return SpawnFailure("fork", 0, str(error)) if steps is None else steps.failure()
        except (OSError, ValueError) as error:
            return _failure(request, error, switches_user=user is not None)
        finally:
            if steps is not None:
                steps.close()
        process.returncode = 0  # Popen must not wait for it: host.reaper does
        return process.pid

    def _user_problem(self, uid: int) -> str | None:
        if not self._is_root:
            return f"couldn't setuid to {uid}: {NOT_ROOT}"
        if self._accounts.user(uid) is None:
            return f"couldn't setuid to {uid}: Can't find uid {uid}"
        return None

    def _told(self, request: ChildRequest, failure: SpawnFailure) -> SpawnFailure:
        """Supervisor's child says such things on its stderr; people look for them in that log."""
        if failure.stage not in ("streams", "fork"):
            file = self._logs.open(request.stderr or request.stdout)
            if file is not None:
                text = f"supervisor: {failure.text}\nsupervisor: child process was not spawned\n"
                file.write(text.encode(errors="surrogateescape"))
                self._logs.release(file)
        return failure


def _stem(name: str, spawn_id: str) -> str:
    """What the names of a spawn's FIFOs begin with; of the program's name 64 bytes at most, whatever they mean."""
    return f"{os.fsdecode(os.fsencode(name.replace('/', '_'))[:64])}-{spawn_id}"


def _streams_text(name: str, error: OSError) -> str:
    if error.errno == errno.EMFILE:
        return f"too many open files to spawn '{name}'"
    return f"unknown error making dispatchers for '{name}': {_code(error)}"


def _failure(request: ChildRequest, error: OSError | ValueError, *, switches_user: bool) -> SpawnFailure:
    """Which step failed. Popen names the directory for steps before the exec, the program for the exec."""
    if not isinstance(error, OSError):  # a NUL byte in argv or the environment
        return SpawnFailure("exec", errno.EINVAL, f"couldn't exec {request.argv[0]}: {error}")
    number = error.errno or 0
    if error.filename is not None and error.filename != request.directory:
        text = f"couldn't exec {request.argv[0]}: {_code(error)}"
        if number == errno.EAGAIN and request.setup is not None:
            text += (
                " (its user has as many processes as limit_nproc allows; those of other programs count, too)"
            )
        return SpawnFailure("exec", number, text)
    if error.filename is not None and not _can_enter(error.filename):
        return SpawnFailure("chdir", number, f"couldn't chdir to {request.directory}: {_code(error)}")
    if error.filename is not None or (switches_user and number not in (errno.ENOMEM, errno.EMFILE)):
        return SpawnFailure("setuid", number, f"couldn't setuid to {request.uid}: {_code(error)}")
    if number == errno.EAGAIN:
        text = f"Too many processes in process table to spawn '{request.name}'"
    else:
        text = f"unknown error during fork for '{request.name}': {_code(error)}"
    return SpawnFailure("fork", number, text)


def _can_enter(directory: str) -> bool:
    return os.path.isdir(directory) and os.access(directory, os.X_OK)


def _code(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error.errno))
