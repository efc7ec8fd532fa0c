"""What every test shares: a short directory, a guard against leaks, and no silent skips in CI."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support.until import until

# A shell lets what it runs in the background ignore Ctrl-C, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
# What takes ten seconds or more begins first, so that at the end no worker waits for the last one.
LONG = (
    "crash/test_every_write_point",
    "crash/test_told_and_due",
    "crash/test_kill_under_load",
    "crash/test_upgrade_under_load",
    "core/test_process_walk",
    "fuzz/test_json_interface",
    "recipes/test_jvm",
    "recipes/test_postgresql",
    "soak/",
    "system/test_upgrade",
)
LEAK_GRACE_SECONDS = 10.0  # for what is just being closed by another thread or a dying child

# A loaded machine makes single examples slow; that is no fault of the code under test.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture(scope="session", autouse=True)
def state_directory() -> Iterator[Path]:
    """Where daemons that are started here keep what outlasts them: not in the machine's own place."""
    path = Path(tempfile.mkdtemp(prefix="vgstate", dir="/tmp"))
    before = os.environ.get("STATE_DIRECTORY")
    os.environ["STATE_DIRECTORY"] = str(path)
    yield path
    if before is None:
        del os.environ["STATE_DIRECTORY"]
    else:
        os.environ["STATE_DIRECTORY"] = before
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def short_tmp() -> Iterator[Path]:
    """An empty directory with a short path: a unix socket's path must stay under 104 bytes."""
    path = Path(tempfile.mkdtemp(prefix="vg", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


# --- Leaks ---------------------------------------------------------------------------------------
# A test ends with the open files and child processes it began with. What fixtures of a wider scope
# open is noted when they are set up and is not held against the test that happened to come first.


@dataclass(slots=True)
class Belongings:
    """What this process holds: open files as `(fd, target)`, and the pids of its children."""

    files: set[tuple[int, str]] = field(default_factory=set)
    children: set[int] = field(default_factory=set)

    def __sub__(self, other: "Belongings") -> "Belongings":
        return Belongings(self.files - other.files, self.children - other.children)

    def __or__(self, other: "Belongings") -> "Belongings":
        return Belongings(self.files | other.files, self.children | other.children)

    def __bool__(self) -> bool:
        return bool(self.files or self.children)


def belongings() -> Belongings:
    """Read from /proc; empty where there is none, which turns the guard off."""
    found = Belongings()
    if not os.path.isdir("/proc/self/fd"):
        return found
    for name in os.listdir("/proc/self/fd"):
        try:
            found.files.add((int(name), os.readlink(f"/proc/self/fd/{name}")))
        except OSError:
            continue  # the descriptor that listed the directory
    for task in os.listdir("/proc/self/task"):
        try:
            text = Path(f"/proc/self/task/{task}/children").read_text()
        except OSError:
            continue  # the thread is gone, or the kernel does not tell
        found.children.update(map(int, text.split()))
    return found


_widely_shared = Belongings()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
    global _widely_shared
    before = belongings() if fixturedef.scope != "function" else None
    try:
        return (yield)
    finally:
        if before is not None:
            _widely_shared |= belongings() - before


@pytest.fixture(autouse=True)
def leak_guard() -> Iterator[None]:
    """Fails a test that leaves open files or children behind, and ends those children."""
    before = belongings()

    def left() -> Belongings:
        return belongings() - before - _widely_shared

    yield
    if not left():
        return
    gc.collect()
    try:
        until(lambda: not left(), timeout=LEAK_GRACE_SECONDS)
    except AssertionError:
        leaked = left()
        _end(leaked.children)
        pytest.fail(f"left behind: {sorted(leaked.files)} {_described(leaked.children)}", pytrace=False)


def _described(pids: set[int]) -> list[str]:
    return [f"child {pid}" for pid in sorted(pids)]


def _end(pids: set[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            continue


# --- Skips ---------------------------------------------------------------------------------------
# On a person's machine a test may skip visibly. In CI (`CI=true`) a skip is a failure: a layer that
# does not run proves nothing. The one exception is a test that needs root where nobody is root.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONG))
    if os.geteuid() == 0:
        return
    for item in items:
        if item.get_closest_marker("needs_root"):
            item.add_marker(pytest.mark.skip(reason="needs root"))


def _refused(report: pytest.TestReport | pytest.CollectReport, what: str) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{what} may not skip in CI: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    excused = os.geteuid() != 0 and item.get_closest_marker("needs_root") is not None
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and not excused:
        _refused(report, item.nodeid)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if IN_CI and report.skipped:
        _refused(report, collector.nodeid)
    return report
