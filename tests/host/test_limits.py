"""Limits and priorities, seen from inside a child, and what is said of those that cannot be set."""

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from support.machine import Machine, on_machine
from vigild.engine.ports import ChildSetup, SpawnFailure
from vigild.host import limits
from vigild.host.limits import RLIMIT_LOCKS, limit_steps, ranges_of, words_of

NAMES = [
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "locks",
    "memlock",
    "msgqueue",
    "nice",
    "nofile",
    "nproc",
    "rss",
    "rtprio",
    "rttime",
    "sigpending",
    "stack",
]
LIMITS = "import resource; print([resource.getrlimit(int(n)) for n in '%s'.split()])"


def number_of(name: str) -> int:
    return RLIMIT_LOCKS if name == "locks" else int(getattr(resource, f"RLIMIT_{name.upper()}"))


async def said(machine: Machine, script: str, setup: ChildSetup, **options: object) -> str:
    """What a Python program with this setup prints."""
    child = machine.python(script, setup=setup, **options)
    status = await machine.ended(child)
    assert status == 0, machine.read("stderr").decode()
    return machine.read("stdout").decode().strip()


def refused(machine: Machine, setup: ChildSetup, **options: object) -> SpawnFailure:
    outcome = machine.children.spawn(machine.request("true", setup=setup, **options))
    assert isinstance(outcome, SpawnFailure), outcome
    return outcome


def test_every_limit_reaches_the_child_and_not_the_daemon(short_tmp: Path) -> None:
    before = {name: resource.getrlimit(number_of(name)) for name in NAMES}
    wanted = {}
    for name, (_soft, hard) in before.items():
        most = 2**33 if name in ("as", "data", "fsize", "stack", "rttime") else 300
        most = most if hard == resource.RLIM_INFINITY else min(hard, most)
        wanted[name] = (max(most - 1, 0), most)

    async def play(machine: Machine) -> None:
        setup = ChildSetup(limits=tuple((name, *wanted[name]) for name in NAMES))
        text = await said(machine, LIMITS % " ".join(str(number_of(name)) for name in NAMES), setup)
        assert text == str([wanted[name] for name in NAMES])

    on_machine(short_tmp, play)
    assert {name: resource.getrlimit(number_of(name)) for name in NAMES} == before


def test_no_limit_is_unlimited(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        setup = ChildSetup(limits=(("core", 0, -1), ("fsize", -1, -1)))
        numbers = f"{resource.RLIMIT_CORE} {resource.RLIMIT_FSIZE}"
        assert await said(machine, LIMITS % numbers, setup) == "[(0, -1), (-1, -1)]"

    on_machine(short_tmp, play)


def test_limits_far_below_what_the_daemon_uses_can_be_set(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        setup = ChildSetup(
            limits=(("as", 2**23, 2**23), ("stack", 2**18, 2**18), ("nofile", 5, 5)),
            nice=1,
            oom_score_adjustment=300,
            cpus=(0,),
            supplementary_gids=() if os.geteuid() == 0 else None,
        )
        child = machine.run("ulimit -v; ulimit -s; ulimit -n; cat /proc/self/oom_score_adj", setup=setup)
        assert await machine.ended(child) == 0
        assert machine.read("stdout").split() == [b"8192", b"256", b"5", b"300"]

    on_machine(short_tmp, play)


def test_priorities_and_cpus(short_tmp: Path) -> None:
    there = min(os.sched_getaffinity(0))

    async def play(machine: Machine) -> None:
        script = (
            "import os; print(os.getpriority(0, 0), open('/proc/self/oom_score_adj').read().strip(), "
            "os.sched_getaffinity(0))"
        )
        setup = ChildSetup(nice=7, oom_score_adjustment=321, cpus=(there,))
        assert await said(machine, script, setup) == f"7 321 {{{there}}}"

    on_machine(short_tmp, play)


@pytest.mark.parametrize(("priority", "shown"), [((3, 0), "idle"), ((2, 6), "best-effort: prio 6")])
def test_io_priority(short_tmp: Path, priority: tuple[int, int], shown: str) -> None:
    async def play(machine: Machine) -> None:
        child = machine.run("ionice -p $$", setup=ChildSetup(io_priority=priority))
        assert await machine.ended(child) == 0
        assert machine.read("stdout").decode().strip() == shown

    on_machine(short_tmp, play)


@pytest.mark.needs_root
def test_root_may_have_real_time_io_and_a_high_priority(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        setup = ChildSetup(io_priority=(1, 2), nice=-7)
        script = "ionice -p $$; ps -o ni= -p $$ 2>/dev/null || cut -d' ' -f19 /proc/$$/stat"
        assert await machine.ended(machine.run(script, setup=setup)) == 0
        lines = machine.read("stdout").decode().splitlines()
        assert [line.strip() for line in lines] == ["realtime: prio 2", "-7"]

    on_machine(short_tmp, play)


def test_a_cpu_that_is_not_there(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        failed = refused(machine, ChildSetup(cpus=(4000, 4001)))
        assert (failed.stage, failed.errno) == ("cpu_affinity", errno.EINVAL)
        there = ranges_of(sorted(os.sched_getaffinity(0)))
        assert failed.text == (
            "couldn't set cpu_affinity to 4000-4001: EINVAL (none of them can be used here; "
            f"the daemon has {there})"
        )
        assert failed.text.encode() in machine.read("stderr"), "people look for it there"
        assert await machine.ended(machine.run("exit 0")) == 0

    on_machine(short_tmp, play)


def test_more_open_files_than_the_kernel_allows(short_tmp: Path) -> None:
    most = int(Path("/proc/sys/fs/nr_open").read_text())

    async def play(machine: Machine) -> None:
        failed = refused(machine, ChildSetup(limits=(("nofile", 10, most + 1),)))
        assert (failed.stage, failed.errno) == ("limit", errno.EPERM)
        assert failed.text == (
            f"couldn't set limit_nofile to 10:{most + 1}: EPERM (the kernel allows no process more than {most}; "
            "sysctl fs.nr_open raises that)"
        )

    on_machine(short_tmp, play)


UNPRIVILEGED = """
import asyncio, os, resource, sys
from pathlib import Path
from support.machine import Machine
from vigild.engine.ports import ChildSetup

import ctypes, grp  # as a daemon that gives up root has done

async def main():
    directory = Path(sys.argv[1])
    os.chmod(directory, 0o777)
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, 500))
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    machine = Machine(asyncio.get_running_loop(), directory, fifos=False)
    for setup in (
        ChildSetup(limits=(("memlock", 65536, 2**30),)),
        ChildSetup(limits=(("nofile", 501, 501),)),
        ChildSetup(nice=-1),
        ChildSetup(io_priority=(1, 0)),
        ChildSetup(oom_score_adjustment=-1),
        ChildSetup(oom_score_adjustment=1000),
        ChildSetup(gid=0),
        ChildSetup(supplementary_gids=(0, 54321)),
        ChildSetup(supplementary_gids=()),
    ):
        failed = machine.children.spawn(machine.request("true", setup=setup))
        print(failed.stage, failed.errno, failed.text)
    child = machine.run(
        "ulimit -Hn; nice; id -g",
        setup=ChildSetup(limits=(("nofile", 20, 500),), nice=3, gid=65534, io_priority=(3, 0)),
    )
    print(await machine.ended(child), machine.read("stdout").split())
    machine.close()

asyncio.run(main())
"""


@pytest.mark.needs_root
def test_what_a_daemon_that_is_not_root_cannot_do_is_said_in_words(short_tmp: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, str(short_tmp)], env=environment, capture_output=True, text=True
    )
    own_score = Path("/proc/self/oom_score_adj").read_text().strip()
    rights = "as root has it; this daemon runs as uid 65534)"
    assert done.stdout.splitlines() == [
        "limit 1 couldn't set limit_memlock to 64KB:1GB: EPERM (above the daemon's hard limit 64KB, which it has no "
        "right to raise; lower limit_memlock, or raise the daemon's (LimitMEMLOCK= in its systemd unit))",
        "limit 1 couldn't set limit_nofile to 501: EPERM (above the daemon's hard limit 500, which it has no right to "
        "raise; lower limit_nofile, or raise the daemon's (LimitNOFILE= in its systemd unit))",
        "nice 13 couldn't set nice to -1: EACCES (going below the daemon's own 0 needs CAP_SYS_NICE, as root has it; "
        "or LimitNICE= in its systemd unit)",
        "ionice 1 couldn't set ionice to realtime:0: EPERM (realtime needs CAP_SYS_NICE, as root has it)",
        f"oom_score_adj 13 couldn't set oom_score_adj to -1: EACCES (going below the daemon's own {own_score} needs "
        "CAP_SYS_RESOURCE, as root has it; or OOMScoreAdjust= in its systemd unit)",
        "oom_score_adj 13 couldn't set oom_score_adj to 1000: EACCES (a daemon that was started by root and became "
        "another user may not; start it as that user, or leave it root and give the programs a user)",
        f"setgid 1 couldn't set group to 0 (root): EPERM (it needs CAP_SETGID, {rights}",
        f"setgroups 1 couldn't set supplementary_groups to 0 (root), 54321: EPERM (it needs CAP_SETGID, {rights}",
        f"setgroups 1 couldn't set supplementary_groups to none: EPERM (it needs CAP_SETGID, {rights}",
        "0 [b'500', b'3', b'65534']",
    ], done.stderr


def test_a_machine_whose_system_call_is_unknown_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_IOPRIO_SET", {})
    (step,) = limit_steps(ChildSetup(io_priority=(2, 1)))
    with pytest.raises(OSError) as error:
        step.act()
    failed = step.failure(error.value.errno)
    assert failed.stage == "ionice"
    assert failed.text == (
        f"couldn't set ionice to best-effort:1: ENOSYS (this system ({os.uname().machine}) cannot, or is not known here)"
    )


def test_errors_without_words_of_our_own_get_the_systems() -> None:
    setup = ChildSetup((("core", 1, 1),), 1, (3, 0), 1, (0,))
    assert {step.failure(errno.EIO).text.partition("EIO ")[2] for step in limit_steps(setup)} == {
        "(Input/output error)"
    }
    oom = limit_steps(ChildSetup(oom_score_adjustment=1))[0]
    assert "this system has no such file" in oom.failure(errno.ENOENT).text


@pytest.mark.parametrize(
    ("name", "amount", "words"),
    [
        ("as", 512 * 1024**2, "512MB"),
        ("as", 1500, "1500"),
        ("as", 0, "0"),
        ("as", -1, "unlimited"),
        ("nofile", 1024, "1024"),
        ("memlock", 65536, "64KB"),
        ("core", 2**31, "2GB"),
    ],
)
def test_limits_as_people_write_them(name: str, amount: int, words: str) -> None:
    assert words_of(name, amount) == words


def test_ranges() -> None:
    assert ranges_of([0, 1, 2, 3, 7]) == "0-3,7"
    assert ranges_of((5,)) == "5"


def test_rights_come_before_what_needs_them_and_limits_of_memory_last() -> None:
    setup = ChildSetup((("as", 1, 1), ("nice", 30, 30), ("nofile", 3, 3)), -1, (3, 0), 1, (0,))
    assert [step.what() for step in limit_steps(setup)] == [
        "set oom_score_adj to 1",
        "set cpu_affinity to 0",
        "set limit_nice to 30",
        "set limit_nofile to 3",
        "set nice to -1",
        "set ionice to idle",
        "set limit_as to 1",
    ]
