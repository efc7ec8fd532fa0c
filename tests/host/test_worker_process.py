"""Workers: what they are told and tell, that they are started again, and that they end."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from support.fakes import FakeLog
from support.until import DEADLINE_SECONDS, until
from vigild.host import worker_process
from vigild.host.process_table import ProcTable
from vigild.host.reaper import Reaper
from vigild.host.worker_process import MAX_LINE_BYTES, MAX_LOG_LINES, WorkerProcess, module_argv

ECHO = """
import json, sys
for line in sys.stdin:
    print(json.dumps({"echo": json.loads(line)}), flush=True)
"""


class Stage:
    """A worker, what it said, and the reaper that it needs."""

    def __init__(self, *argv: str) -> None:
        self.log = FakeLog()
        self.heard: list[dict[str, object]] = []
        self.starts = 0
        self.strangers: list[int] = []
        self.pids: set[int] = set()
        loop = asyncio.get_running_loop()
        self.argv = argv
        self.others: list[WorkerProcess] = []
        self.worker = WorkerProcess(loop, argv, what="the tester", log=self.log, pids=self.pids)
        self.worker.on_message = self.heard.append
        self.worker.on_started = self._started
        loop.add_signal_handler(signal.SIGCHLD, Reaper(self._reaped).reap)

    def _started(self) -> None:
        self.starts += 1

    def _reaped(self, pid: int, wait_status: int) -> None:
        if not any(worker.claim(pid, wait_status) for worker in (self.worker, *self.others)):
            self.strangers.append(pid)


def play(script: Callable[[Stage], Awaitable[None]], *argv: str) -> Stage:
    async def run() -> Stage:
        stage = Stage(*argv)
        stage.worker.start()
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await script(stage)
        finally:
            await stage.worker.close()
        assert not stage.worker.is_running
        assert stage.strangers == []
        assert stage.pids == set()
        return stage

    return asyncio.run(run())


async def soon(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


def test_it_is_told_and_tells() -> None:
    async def script(stage: Stage) -> None:
        assert stage.worker.send({"type": "edge", "text": "naïve\nlines"})
        assert stage.worker.send({"n": 2})
        await soon(lambda: len(stage.heard) == 2)

    stage = play(script, *python(ECHO))
    assert stage.heard == [{"echo": {"type": "edge", "text": "naïve\nlines"}}, {"echo": {"n": 2}}]
    assert (stage.worker.failures, stage.worker.dropped, stage.worker.misread) == (0, 0, 0)


def test_it_is_no_child_of_a_program_while_it_lives() -> None:
    async def script(stage: Stage) -> None:
        stage.worker.send({})
        await soon(lambda: stage.heard)
        table = ProcTable()
        assert stage.worker.pid in table.children()
        table.workers = stage.pids
        assert stage.worker.pid not in table.children()
        assert table.take()[stage.worker.pid].spawn_id == "worker"

    play(script, *python(ECHO))


def test_one_that_dies_is_started_again_later_each_time(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(worker_process, "FIRST_DELAY_SECONDS", 0.001)

    async def script(stage: Stage) -> None:
        stage.worker._delay = 0.001
        await soon(lambda: stage.starts == 4)

    stage = play(script, *python("import sys; sys.exit(3)"))
    assert stage.worker.failures >= 3
    assert stage.worker.error == "exit status 3"
    assert stage.log.lines[1::2][:3] == [
        "WARN the tester ended (exit status 3); it is started again in 0.001 s",
        "WARN the tester ended (exit status 3); it is started again in 0.002 s",
        "WARN the tester ended (exit status 3); it is started again in 0.004 s",
    ]


def test_one_that_was_steady_begins_with_the_first_delay_again(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(worker_process, "STEADY_SECONDS", 0.0)

    async def script(stage: Stage) -> None:
        stage.worker._delay = 32.0
        os.kill(stage.worker.pid, signal.SIGKILL)
        await soon(lambda: stage.worker.failures)

    stage = play(script, *python(ECHO))
    assert "WARN the tester ended (terminated by SIGKILL); it is started again in 1 s" in stage.log.lines


def test_nothing_can_be_said_to_one_that_does_not_run() -> None:
    async def script(stage: Stage) -> None:
        assert not stage.worker.is_running
        assert not stage.worker.send({})

    stage = play(script, "/no/such/program")
    assert stage.starts == 0
    assert stage.worker.dropped == 1
    assert stage.worker.error == "it cannot be started: No such file or directory"


def test_what_it_does_not_read_is_bounded() -> None:
    async def script(stage: Stage) -> None:
        message = {"text": "x" * 500_000}
        while stage.worker.send(message):
            pass
        assert not stage.worker.send({"text": "x" * MAX_LINE_BYTES})

    stage = play(script, "/bin/sleep", "1000")
    assert stage.worker.dropped == 2


def test_what_is_no_message_is_counted_and_said_once() -> None:
    code = f"""
import time
print("hello"); print([1]); print('{{"text": "' + "x" * {MAX_LINE_BYTES} + '"}}'); print('{{"a": 1}}', flush=True)
time.sleep(1000)
"""

    async def script(stage: Stage) -> None:
        await soon(lambda: stage.heard)

    stage = play(script, *python(code))
    assert stage.heard == [{"a": 1}]
    assert stage.worker.misread == 3
    assert [line for line in stage.log.lines if line.startswith("ERRO")] == [
        "ERRO the tester said what is no message: b'hello'"
    ]


def test_its_errors_go_to_the_log_and_are_bounded() -> None:
    code = """
import sys
for n in range(1000):
    sys.stderr.write(f"line {n} " + "y" * 1000 + "\\n")
sys.stderr.flush()
print('{"done": true}', flush=True)
sys.stdin.read()
sys.stderr.write("the end")
"""

    async def script(stage: Stage) -> None:
        await soon(lambda: len(stage.log.lines) > MAX_LOG_LINES and stage.heard)

    stage = play(script, *python(code))
    said = [line for line in stage.log.lines if line.startswith("WARN the tester: ")]
    assert len(said) == MAX_LOG_LINES
    assert said[0].startswith("WARN the tester: line 0 yyy")
    assert all(len(line) == len("WARN the tester: ") + 500 for line in said)


def test_its_last_words_are_heard_though_no_line_ends_them() -> None:
    async def script(stage: Stage) -> None:
        await soon(lambda: stage.worker.failures)

    stage = play(script, *python("import sys; sys.stderr.write('no room'); sys.exit(1)"))
    assert "WARN the tester: no room" in stage.log.lines


def test_one_that_does_not_end_at_the_end_of_its_stdin_is_ended(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(worker_process, "EOF_SECONDS", 0.05)
    monkeypatch.setattr(worker_process, "TERM_SECONDS", 0.05)
    code = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("{}", flush=True)
time.sleep(1000)
"""

    async def script(stage: Stage) -> None:
        await soon(lambda: stage.heard)
        pid = stage.worker.pid
        await stage.worker.close()
        assert not psutil.pid_exists(pid)

    stage = play(script, *python(code))
    assert stage.worker.failures == 0


def test_one_that_was_closed_can_be_started_again() -> None:
    async def script(stage: Stage) -> None:
        await stage.worker.close()
        assert not stage.worker.is_running
        stage.worker.start()
        stage.worker.start()
        assert stage.worker.send({"n": 1})
        await soon(lambda: stage.heard)

    assert play(script, *python(ECHO)).starts == 2


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"""
import asyncio, os, pathlib
from support.fakes import FakeLog
from vigild.host.worker_process import WorkerProcess
async def main():
    worker = WorkerProcess(asyncio.get_running_loop(), ["/bin/cat"], what="x", log=FakeLog())
    worker.start()
    pathlib.Path({str(pid_file)!r}).write_text(str(worker.pid))
    os.execv("/bin/true", ["/bin/true"])
asyncio.run(main())
"""
    path = os.pathsep.join([str(Path(__file__).parent.parent), *sys.path])
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, check=True)
    pid = int(pid_file.read_text())
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_modules_are_found_where_we_were_found() -> None:
    assert module_argv("vigild.alerts") == [sys.executable, "-P", "-m", "vigild.alerts"]


def test_one_that_rests_ends_without_a_word_and_is_started_again() -> None:
    async def script(stage: Stage) -> None:
        stage.worker.rest()
        assert stage.worker.is_resting
        assert not stage.worker.is_running
        assert not stage.worker.send({"n": 1})
        stage.worker.rest()
        await soon(lambda: not stage.pids)
        stage.worker.start()
        assert stage.worker.send({"n": 2})
        await soon(lambda: stage.heard)

    stage = play(script, *python(ECHO))
    assert [{"echo": {"n": 2}}] == stage.heard
    assert (2, 0, "") == (stage.starts, stage.worker.failures, stage.worker.error)


def test_one_that_is_wanted_again_before_it_has_ended_comes_when_it_has() -> None:
    async def script(stage: Stage) -> None:
        first = stage.worker.pid
        stage.worker.rest()
        stage.worker.start()
        assert not stage.worker.is_resting
        await soon(lambda: stage.worker.is_running)
        assert first != stage.worker.pid
        assert stage.worker.send({"n": 2})
        await soon(lambda: stage.heard)

    stage = play(script, *python(ECHO))
    assert (2, 0) == (stage.starts, stage.worker.failures)


def test_one_that_does_not_go_when_it_is_sent_away_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process, "EOF_SECONDS", 0.05)

    async def script(stage: Stage) -> None:
        stage.worker.rest()
        await soon(lambda: not stage.pids)

    stage = play(script, *python("import time; time.sleep(1000)"))
    assert 0 == stage.worker.failures


TAKES_PIECES = """
import json, sys
while line := sys.stdin.buffer.readline():
    message = json.loads(line)
    data = sys.stdin.buffer.read(message["bytes"])
    print(json.dumps({"n": message["n"], "bytes": len(data), "all": data == bytes([message["n"]]) * len(data)}), flush=True)
"""
WAITS = """
import os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
"""


def head(number: int, count: int) -> bytes:
    return b'{"n":%d,"bytes":%d}\n' % (number, count)


def test_raw_bytes_follow_a_line_and_what_is_not_taken_is_not_taken_at_all(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        worker = stage.worker
        taken: list[int] = []
        room = asyncio.Event()
        worker.on_room = room.set
        assert not worker.is_behind
        for number in range(100):
            if not worker.send_data(head(number, 50_000), bytes([number]) * 50_000):
                break
            taken.append(number)
        assert worker.is_behind
        assert len(taken) < 100  # its pipe holds no five megabytes
        assert not worker.flush(0.01)
        (tmp_path / "go").touch()
        await room.wait()
        assert not worker.is_behind
        await soon(lambda: len(stage.heard) == len(taken))
        assert stage.heard == [{"n": number, "bytes": 50_000, "all": True} for number in taken]
        assert worker.send_data(head(7, 0), b"")
        assert worker.send_data(head(8, 3_000_000), bytes([8]) * 3_000_000)
        assert worker.flush(DEADLINE_SECONDS)  # without a turn of the loop
        assert not worker.is_behind
        await soon(lambda: len(stage.heard) == len(taken) + 2)
        assert stage.heard[-1]["all"] is True

    play(script, *python(WAITS + TAKES_PIECES), str(tmp_path / "go"))


def test_its_pipe_may_be_larger() -> None:
    async def script(stage: Stage) -> None:
        worker = WorkerProcess(
            asyncio.get_running_loop(), stage.argv, what="w", log=stage.log, pipe_bytes=256 << 10
        )
        stage.others.append(worker)
        worker.start()
        assert worker.send_data(b"x" * 100_000, b"y" * 150_000)
        assert not worker.is_behind
        assert worker.send_data(b"", b"y" * 20_000)
        assert worker.is_behind
        os.kill(worker.pid, signal.SIGKILL)
        await soon(lambda: not worker.pid)
        assert not worker.send_data(b"", b"")
        assert worker.flush(0)
        await worker.close()

    play(script, sys.executable, "-c", "import signal; signal.pause()")


def test_one_that_is_gone_takes_nothing() -> None:
    async def script(stage: Stage) -> None:
        worker = stage.worker
        os.kill(worker.pid, signal.SIGSTOP)
        assert worker.send_data(b"", b"x" * 200_000)
        assert worker.is_behind
        os.kill(worker.pid, signal.SIGKILL)
        os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOWAIT)
        assert worker.flush(DEADLINE_SECONDS)  # what it did not take is gone with it
        assert not worker.send_data(b"", b"x")
        await soon(lambda: not worker.is_running)
        assert not worker.send_data(b"", b"x")

    play(script, sys.executable, "-c", "import signal; signal.pause()")


def test_a_pipe_that_cannot_be_larger_is_used_as_it_is() -> None:
    async def script(stage: Stage) -> None:
        worker = WorkerProcess(
            asyncio.get_running_loop(), stage.argv, what="w", log=stage.log, pipe_bytes=1 << 40
        )
        stage.others.append(worker)
        worker.start()
        assert worker.send_data(b"x", b"y")
        await worker.close()

    play(script, sys.executable, "-c", "import sys; sys.stdin.read()")


def test_what_one_that_died_had_not_read_is_known() -> None:
    async def script(stage: Stage) -> None:
        await soon(lambda: stage.heard)
        os.kill(stage.worker.pid, signal.SIGSTOP)
        assert stage.worker.send({"a": "b"})
        assert stage.worker.send_data(b"x" * 100, b"y" * 100)
        os.kill(stage.worker.pid, signal.SIGKILL)
        await soon(lambda: not stage.worker.is_running)
        assert stage.worker.unread_bytes == len('{"a":"b"}\n') + 200

    code = "import sys, json, time; print(json.dumps({'here': 1}), flush=True); time.sleep(1000)"
    play(script, *python(code))


def test_one_that_is_left_ends_by_itself_and_is_reaped_by_others(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.worker.send({"n": 1})
        pid = stage.worker.pid
        stage.worker.leave()
        assert (stage.worker.is_running, stage.pids) == (False, set())
        await soon(lambda: stage.strangers == [pid])
        stage.strangers.clear()
        assert (tmp_path / "read").read_text() == '{"n":1}\n'
        stage.worker.leave()

    code = f"import sys; text = sys.stdin.read(); open({str(tmp_path / 'read')!r}, 'w').write(text)"
    play(script, *python(code))


def test_one_that_is_left_while_it_waits_to_be_started_is_not_started() -> None:
    async def script(stage: Stage) -> None:
        await soon(lambda: stage.worker.failures)
        stage.worker.leave()
        assert stage.worker._timer is None

    play(script, *python("raise SystemExit(1)"))
