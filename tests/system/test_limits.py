"""Limits, identity and environment files with a real daemon: what programs find, and what people are told."""

import os
import pwd
from pathlib import Path

import pytest

from support.daemon import Daemon
from support.until import until

LOOK = (
    "/bin/sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj; ionice -p $$; id -u; id -g; id -G;"
    " env | grep -E ^T_ | sort; echo $HOME; cut -d\\  -f19 /proc/self/stat; exec sleep 1000'"
)
SETUP = """
limit_nofile=200:300
limit_core=0
oom_score_adj=77
ionice=best-effort:6
nice=4
envfile=%(here)s/one.env,-%(here)s/none.env
  %(here)s/%(program_name)s.env
environment=T_OWN="section",T_B="section"
unset_environment=T_UNSET*
set_user_environment=true
startsecs=0
"""


ENVIRONMENT = 'environment=T_SUPERVISORD="s",T_UNSET_S="s"'


def with_options(daemon: Daemon, options: str) -> Daemon:
    """The daemon with further options in [supervisord], before it is started."""
    daemon.conf.write_text(daemon.conf.read_text().replace("[supervisord]\n", f"[supervisord]\n{options}\n"))
    return daemon


def write_files(folder: Path) -> None:
    (folder / "one.env").write_text("T_A=one\nT_B=one\nT_C=${T_DAEMON}/one\n")
    for name in ("web", "fast"):
        (folder / f"{name}.env").write_text(f"T_A={name}\n")


def shown(uid: int, gid: int, groups: list[int], home: str, name: str) -> list[str]:
    """What a program of SETUP finds."""
    variables = [f"T_A={name}", "T_B=section", "T_C=d/one", "T_DAEMON=d", "T_OWN=section", "T_SUPERVISORD=s"]
    ids = [str(uid), str(gid), " ".join(map(str, groups))]
    return ["200", "300", "0", "77", "best-effort: prio 6", *ids, *variables, home, "4"]


@pytest.mark.needs_root
def test_programs_find_what_the_configuration_says(tmp_path: Path) -> None:
    write_files(tmp_path)
    tmp_path.chmod(0o755)
    nobody = pwd.getpwnam("nobody")
    conf = (
        f"[program:web]\ncommand={LOOK}\nuser=nobody\ngroup=www-data\nsupplementary_groups=adm\n"
        f"stdout_logfile={tmp_path}/web.out\n{SETUP}"
        f"[fcgi-program:fast]\ncommand={LOOK}\nsocket=unix://{tmp_path}/fast.sock\nstdout_logfile={tmp_path}/fast.out\n{SETUP}"
    )
    daemon = with_options(Daemon(tmp_path, conf, env={"T_DAEMON": "d", "T_UNSET_D": "d"}), ENVIRONMENT)
    with daemon:
        for name, home, ids in (
            ("web", nobody.pw_dir, (65534, 33, [33, 4])),
            ("fast", "/root", (0, 0, sorted({0, *os.getgroups()}))),
        ):
            daemon.wait_state(name if name == "web" else "fast:fast", "RUNNING")
            expected = shown(*ids, home, name)
            out = tmp_path / f"{name}.out"
            until(lambda out=out: out.read_text().count("\n") == 16, what=out.name)  # type: ignore[misc]
            assert out.read_text().splitlines() == expected


def test_an_environment_file_is_read_at_each_start(tmp_path: Path) -> None:
    (tmp_path / "e").write_text("T=one\n")
    conf = f"[program:web]\ncommand=/bin/sh -c 'echo $T; exec sleep 1000'\nenvfile={tmp_path}/e\nstartsecs=0\nstdout_logfile={tmp_path}/out\n"
    with Daemon(tmp_path, conf) as daemon:
        until(lambda: (tmp_path / "out").exists() and (tmp_path / "out").read_text() == "one\n")
        (tmp_path / "e").write_text("T=two\n")
        assert daemon.ctl("restart", "web").code == 0
        until(lambda: (tmp_path / "out").read_text() == "one\ntwo\n")
        (tmp_path / "e").write_text("T=three\n\nsecret word\n")
        daemon.ctl("restart", "web")
        reason = f"couldn't read envfile {tmp_path}/e:3: not NAME=value, or a quote is not closed"
        until(lambda: reason in daemon.status("web"))
        assert reason in daemon.log()
        assert "secret" not in daemon.log() + daemon.status("web")
        (tmp_path / "e").write_text("T=four\n")
        assert daemon.ctl("start", "web").code in (0, 7)  # it may have been tried again by itself
        until(lambda: (tmp_path / "out").read_text() == "one\ntwo\nfour\n")


def test_what_cannot_be_done_is_said_by_status_and_in_the_log(tmp_path: Path) -> None:
    most = int(Path("/proc/sys/fs/nr_open").read_text())
    options = {
        "files": (
            f"limit_nofile={most + 1}",
            f"couldn't set limit_nofile to {most + 1}: EPERM (the kernel allows",
        ),
        "cpu": (
            "cpu_affinity=4000",
            "couldn't set cpu_affinity to 4000: EINVAL (none of them can be used here",
        ),
        "env": (
            "envfile=/no/such/file",
            "couldn't read envfile /no/such/file: ENOENT (create it, or write -/no",
        ),
    }
    conf = "".join(
        f"[program:{name}]\ncommand=/bin/sleep 1000\nstartretries=0\n{option}\n"
        for name, (option, _) in options.items()
    )
    with Daemon(tmp_path, conf) as daemon:
        for name, (_, reason) in options.items():
            daemon.wait_state(name, "FATAL", "BACKOFF")
            assert reason in daemon.status(name)
            assert f"spawnerr: {reason}" in daemon.log()


@pytest.mark.needs_root
def test_a_daemon_that_gave_up_root_sets_what_it_may_and_says_what_it_may_not(short_tmp: Path) -> None:
    tmp_path = short_tmp  # not below a directory that is root's own
    os.chown(tmp_path, 65534, 65534)
    (tmp_path / "e").write_text("T=${HOME}\n")
    (tmp_path / "e").chmod(0o644)
    conf = (
        f"[program:may]\ncommand=/bin/sh -c 'echo $T; ulimit -n; nice; ionice -p $$; exec sleep 1000'\nlimit_nofile=100\n"
        f"nice=3\nionice=idle\nenvfile={tmp_path}/e\nset_user_environment=true\nstdout_logfile={tmp_path}/out\nstartsecs=0\n"
        "[program:group]\ncommand=/bin/sleep 1000\ngroup=www-data\n"
        "[program:nice]\ncommand=/bin/sleep 1000\nnice=-3\n"
    )
    daemon = with_options(Daemon(tmp_path, conf), "user=nobody")
    os.chown(daemon.socket.parent, 65534, 65534)
    with daemon:
        home = pwd.getpwnam("nobody").pw_dir
        until(
            lambda: (
                (tmp_path / "out").exists() and (tmp_path / "out").read_text() == f"{home}\n100\n3\nidle\n"
            )
        )
        daemon.wait_state("group", "FATAL", "BACKOFF")
        assert "couldn't set group to 33 (www-data): EPERM (it needs CAP_SETGID" in daemon.status("group")
        daemon.wait_state("nice", "FATAL", "BACKOFF")
        assert "couldn't set nice to -3: EACCES (going below the daemon's own 0" in daemon.status("nice")
