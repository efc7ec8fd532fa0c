"""Program sections to processes."""

from pathlib import Path

import pytest

from config.build import load_text, only, processes_of
from vigild.config.model import AUTO


def test_a_process_with_nothing_but_a_command_has_the_defaults(tmp_path: Path) -> None:
    (process,) = processes_of(load_text(tmp_path, "[program: django]\ncommand:bin/x\n"))

    assert (process.name, process.command, process.directory, process.uid) == ("django", "bin/x", None, None)
    assert (process.start_seconds, process.start_retries, process.stop_signal) == (1, 3, 15)
    assert process.stdout.logfile is AUTO
    assert process.stdout is not process.stderr
    assert process.exit_codes == (0,)
    assert process.where is not None


def test_numbered_processes_are_sorted_by_name(tmp_path: Path) -> None:
    text = "[program:w]\ncommand=x %(process_num)d of %(numprocs)d\nnumprocs=11\nnumprocs_start=1\nprocess_name=w%(process_num)d\n"
    processes = processes_of(load_text(tmp_path, text))

    assert [process.name for process in processes[:3]] == ["w1", "w10", "w11"]
    assert processes[1].command == "x 10 of 11"


def test_names_in_values(tmp_path: Path) -> None:
    text = """
        [program:w]
        command=%(here)s/run %(program_name)s %(group_name)s %(host_node_name)s %(ENV_HOME)s %(ENV_OWN)s
        directory=%(ENV_OWN)s
        environment=OWN="%(process_num)02d"
        process_name=%(program_name)s_%(process_num)02d
        stdout_logfile=/tmp/%%(ENV_OWN)s-100%%%%.log
        stderr_logfile=/tmp/100%%.log
        stdout_logfile_maxbytes=%(ENV_OWN)sKB
    """
    (process,) = processes_of(load_text(tmp_path, text, {"HOME": "/root"}))

    assert process.command == f"{tmp_path}/run w w box /root 00"
    assert process.directory == "00"
    assert process.name == "w_00"
    assert process.stdout.logfile == "/tmp/00-100%.log"
    assert process.stderr.logfile == "/tmp/100%.log"
    assert process.stdout.logfile_max_bytes == 0


def test_variables_of_an_earlier_process_are_still_known(tmp_path: Path) -> None:
    text = """
        [program:w]
        command=x %(ENV_K0)s
        numprocs=2
        process_name=w%(process_num)d
        environment=K%(process_num)d="v"
    """
    assert [process.command for process in processes_of(load_text(tmp_path, text))] == ["x v", "x v"]


def test_vigils_log_options(tmp_path: Path) -> None:
    text = """
        [program:w]
        command=x
        process_name=%(program_name)s-%(process_num)d
        log_prefix=[%(program_name)s/%(process_name)s %(group_name)s]
        log_timestamps=true
        log_format=JSON
        [program:plain]
        command=x
        log_prefix="> "
    """
    plain, process = processes_of(load_text(tmp_path, text))

    assert process.log_prefix == "[w/w-0 w]"
    assert process.log_timestamps is True
    assert plain.log_prefix == "> "
    assert plain.log_timestamps is False
    assert ("json", "text") == (process.log_format, plain.log_format)


def test_remember_is_for_every_kind_of_program(tmp_path: Path) -> None:
    text = """
        [program:w]
        command=x
        autostart=false
        remember=true
        [eventlistener:l]
        command=x
        events=TICK
        remember=true
        [program:plain]
        command=x
    """
    assert {p.name: p.remember for p in processes_of(load_text(tmp_path, text))} == {
        "w": True,
        "l": True,
        "plain": False,
    }


def test_without_a_process_nobody_looks_at_what_it_would_need(tmp_path: Path) -> None:
    text = "[program:w]\nnumprocs=0\nstdout_syslog=perhaps\ndirectory=%(nope)s\nenvironment=A\n"
    loaded = load_text(tmp_path, text)

    assert processes_of(loaded) == []
    assert loaded.config is not None
    assert [group.name for group in loaded.config.groups] == ["w"]


@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        ("", "V005", 1),
        ("command=x\nnumprocs=2", "V013", 3),
        ("command=x\nprocess_name=a b", "V008", 3),
        ("command=x\nprocess_name=%(nope)s", "V007", 3),
        ("command=x\nstopasgroup=true\nkillasgroup=false", "V013", 4),
        ("command=x\nnumprocs=100001\nprocess_name=%(process_num)d", "V006", 3),
        ("command=%(nope)s", "V007", 2),
        ("command=x\ndirectory=%", "V007", 3),
        ("command=x\nstdout_logfile=/nowhere/%(process_num)d", "V010", 3),
        ("command=x\nenvironment=A", "V006", 3),
        ("command=x\nuser=mallory", "V011", 3),
        ("command=x\nlog_prefix=%(nope)s", "V007", 3),
        ("command=x\ngroup=mallory", "V011", 3),
        ("command=x\nsupplementary_groups=adm,mallory", "V011", 3),
        ("command=x\nlimit_nofile=20:10", "V013", 3),
        ("command=x\ncpu_affinity=%(process_num)d-", "V006", 3),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, options: str, code: str, line: int) -> None:
    loaded = load_text(tmp_path, f"[program:x]\n{options}\n")

    assert loaded.config is None
    assert only(loaded, code).where.line == line


def test_a_bad_name_is_refused(tmp_path: Path) -> None:
    assert only(load_text(tmp_path, "[program:a b]\ncommand=x\n"), "V008").where.line == 1


def test_a_group_stop_kills_as_a_group(tmp_path: Path) -> None:
    (process,) = processes_of(load_text(tmp_path, "[program:x]\ncommand=x\nstopasgroup=true\n"))

    assert process.kill_as_group is True


def test_what_supervisor_says_about_logs(tmp_path: Path) -> None:
    text = """
        [program:x]
        command=x
        stdout_logfile=syslog
        stderr_logfile_maxbytes=0
        [program:y]
        command=x
        redirect_stderr=true
        stderr_logfile=/tmp/y
    """
    loaded = load_text(tmp_path, text)
    x, y = processes_of(loaded)

    assert (x.stdout.logfile, x.stdout.syslog, y.stderr.logfile) == (None, True, None)
    assert [line.split(",")[0] for line in loaded.warnings] == [
        "For [program:x]",
        "For [program:x]",
        "For [program:y]",
    ]
    assert loaded.warnings[1].startswith(
        "For [program:x], AUTO logging used for stderr_logfile without rollover"
    )


def test_limits_identity_and_environment_files(tmp_path: Path) -> None:
    text = """
        [supervisord]
        environment=FROM="daemon"
        [program:w]
        command=x
        numprocs=2
        process_name=w%(process_num)d
        limit_nofile=100:200
        limit_core=0
        nice=5
        ionice=idle
        oom_score_adj=-10
        cpu_affinity=%(process_num)d
        group=www-data
        supplementary_groups=
        inherit_environment=false
        envfile=%(here)s/%(process_num)d.env
        environment=OWN="1"
        [eventlistener:e]
        command=x
        events=EVENT
        limit_as=1GB
        unset_environment=A,B*
        set_user_environment=true
        [program:plain]
        command=x
        environment=OWN="1"
    """
    processes = {process.name: process for process in processes_of(load_text(tmp_path, text))}
    first, second, ear, plain = (processes[name] for name in ("w0", "w1", "e", "plain"))

    assert first.limits == (("core", 0, 0), ("nofile", 100, 200))
    assert (first.nice, first.io_priority, first.oom_score_adjustment) == (5, (3, 0), -10)
    assert (first.gid, first.supplementary_gids, first.inherit_environment) == (33, (), False)
    assert (first.cpus, second.cpus) == ((0,), (1,))
    assert second.environment_files == ((f"{tmp_path}/1.env", False),)
    assert first.environment == {"FROM": "daemon", "OWN": "1"}
    assert first.own_variables == ("OWN",)
    assert ear.limits == (("as", 1024**3, 1024**3),)
    assert (ear.unset_environment, ear.set_user_environment) == (("A", "B*"), True)
    assert (plain.limits, plain.own_variables, plain.supplementary_gids) == ((), (), None)
