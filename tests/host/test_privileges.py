"""What the daemon does to itself, tried in processes that may be spoilt."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.machine import ListLog
from support.until import DEADLINE_SECONDS, until
from vigild.host.privileges import drop_privileges, remove_pidfile, write_pidfile

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def in_a_process(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_users_that_cannot_be_found() -> None:
    assert drop_privileges(None) == "No user specified to setuid to!"
    assert drop_privileges("no such user") == "Can't find username 'no such user'"
    assert drop_privileges(54321) == "Can't find uid 54321"


def test_becoming_who_we_are_is_nothing_to_do() -> None:
    assert drop_privileges(os.getuid()) is None


@pytest.mark.needs_root
@needs_root
def test_privileges_are_dropped_for_good() -> None:
    code = (
        "import os\nfrom vigild.host.privileges import drop_privileges\n"
        "print(drop_privileges('nobody'), os.getresuid(), os.getresgid(), os.getgroups())\n"
        "print(drop_privileges(0))\n"
    )
    import pwd

    nobody = pwd.getpwnam("nobody")
    uid, gid = nobody.pw_uid, nobody.pw_gid
    assert in_a_process(code).splitlines() == [
        f"None ({uid}, {uid}, {uid}) ({gid}, {gid}, {gid}) {sorted(os.getgrouplist('nobody', gid))}",
        "Can't drop privilege as nonroot user",
    ]


LIMITS = """
import resource, sys
from vigild.host.privileges import raise_limits
soft, hard, wanted, dropped = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
if dropped:
    import os, pwd
    os.setuid(65534)
done, refusal = raise_limits(wanted, 1)
print(done, resource.getrlimit(resource.RLIMIT_NOFILE))
print(refusal)
"""


def test_limits_are_raised_as_far_as_asked() -> None:
    done, refusal = in_a_process(LIMITS, "100", "1000", "500", "0").splitlines()
    assert (done, refusal) == ("['Increased RLIMIT_NOFILE limit to 500'] (500, 1000)", "None")
    done, refusal = in_a_process(LIMITS, "600", "1000", "500", "0").splitlines()
    assert (done, refusal) == ("[] (600, 1000)", "None")


@pytest.mark.needs_root
@needs_root
def test_a_limit_that_may_not_be_raised_is_refused_in_words() -> None:
    _, refusal = in_a_process(LIMITS, "100", "200", "500", "1").splitlines()
    assert refusal.startswith("minfds is 500, but this environment allows only 200 open file descriptors")


def test_daemonizing_goes_on_in_a_session_of_its_own(tmp_path: Path) -> None:
    code = """
import os, sys
from support.machine import ListLog
from vigild.host.privileges import daemonize
log = ListLog()
daemonize(log, sys.argv[1], 0o027)
fds = [os.readlink(f"/proc/self/fd/{fd}") for fd in (0, 1, 2)]
umask = os.umask(0)
with open("answer.part", "w") as file:
    file.write(f"{os.getsid(0) == os.getpid()} {os.getcwd()} {umask:o} {set(fds)} {len(log.lines)}")
os.rename("answer.part", "answer")
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=environment, check=True, timeout=DEADLINE_SECONDS
    )
    answer = tmp_path / "answer"
    until(answer.exists)
    assert answer.read_text() == f"True {tmp_path} 27 {{'/dev/null'}} 2"


def test_the_pidfile_is_written_and_removed_only_while_it_is_ours(tmp_path: Path) -> None:
    log = ListLog()
    path = tmp_path / "pid"
    assert write_pidfile(str(path), log) is True
    assert path.read_text() == f"{os.getpid()}\n"
    assert log.text() == f"supervisord started with pid {os.getpid()}"
    remove_pidfile(str(path))
    assert not path.exists()
    path.write_text("1\n")
    remove_pidfile(str(path))
    assert path.exists()


def test_a_pidfile_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    log = ListLog()
    path = str(tmp_path / "gone" / "pid")
    assert write_pidfile(path, log) is False
    assert log.lines == [("critical", f"could not write pidfile {path}")]
    remove_pidfile(path)
