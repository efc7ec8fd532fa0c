import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from support.until import until
from vigild.checks.processes import NotFoundError, ProcessCheck, oldest_match, process_of

BUSY = "import subprocess, sys; c = subprocess.Popen(['sleep', '600']); print('up', flush=True)\nwhile True: pass"


@contextmanager
def running(*argv: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()


def test_a_process_by_its_pidfile_with_what_descends_from_it(tmp_path: Path) -> None:
    with running(sys.executable, "-c", BUSY) as process:
        assert process.stdout is not None
        process.stdout.readline()
        pidfile = tmp_path / "pid"
        pidfile.write_text(f"{process.pid}\n")
        check = ProcessCheck({"pidfile": str(pidfile)})
        first = check.look()
        assert first.error == ""
        assert (first.values["pid"], first.values["running"], first.values["children"]) == (
            process.pid,
            True,
            1,
        )
        assert "cpu" not in first.values
        assert first.values["memory"] > first.values["own_memory"] > 0  # type: ignore[operator]
        cpu = until(lambda: check.look().values.get("cpu"))
        assert float(cpu) > 1


def test_one_that_has_ended_is_said_to_have(tmp_path: Path) -> None:
    with running("sleep", "600") as process:
        pidfile = tmp_path / "pid"
        pidfile.write_text(str(process.pid))
        check = ProcessCheck({"pidfile": str(pidfile)})
        assert check.look().error == ""
        process.kill()
        until(lambda: check.look().values.get("zombie"))
        assert check.look().error == f"pid {process.pid} has ended, and its parent takes no note"
        process.wait()
        reading = check.look()
        assert reading.values == {"running": False}
        assert reading.error == f"it does not run: there is no process {process.pid}, which {pidfile} names"


@pytest.mark.parametrize("text", ["", "abc", "0", "-5", "99999999999"])
def test_a_pidfile_that_names_no_process(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)
    with pytest.raises(NotFoundError):
        process_of(str(tmp_path / "pid"))


def test_no_pidfile_means_that_it_does_not_run(tmp_path: Path) -> None:
    assert (
        ProcessCheck({"pidfile": f"{tmp_path}/no"}).look().error
        == f"it does not run: there is no {tmp_path}/no"
    )


def test_a_process_by_its_command_line_is_the_oldest_that_matches() -> None:
    mark = uuid.uuid4().hex
    command = ("sh", "-c", f"sleep 600; : {mark}")
    with running(*command) as first, running(*command):
        check = ProcessCheck({"pattern": mark})
        assert check.look().values["pid"] == first.pid
        assert check.look().values["pid"] == first.pid
    assert check.look().error == f"it does not run: no command line matches '{mark}'"


def test_this_process_is_never_meant() -> None:
    own = psutil.Process()
    try:
        found = oldest_match(re.compile(re.escape(" ".join(own.cmdline()))))
    except NotFoundError:
        return
    assert found.pid != own.pid  # another worker of these tests
