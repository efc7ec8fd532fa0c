"""The advice of `vigil check`, check by check: what it finds, where, and what it leaves alone."""

import os
import re
from pathlib import Path

import pytest

from config.build import advice, load_file, load_text, write
from vigild.config.codes import CODES
from vigild.config.lint import lint
from vigild.config.load import Loaded

P = "[program:x]\ncommand=/bin/sleep 5\n"


@pytest.mark.parametrize(
    ("code", "found", "left_alone"),
    [
        ("V201", "[program:x]\ncommand=no-such-command-here\n", P),
        ("V201", "[program:x]\ncommand=/no/such/command\n", "[program:x]\ncommand=sleep 5\n"),
        ("V201", "[program:x]\ncommand=cd /tmp\n", "[program:x]\ncommand=A=1 sleep\n"),
        ("V201", "[program:x]\ncommand=/etc/passwd\n", "[program:x]\ncommand=sleep 1\nenvironment=PATH=/bin\n"),
        ("V201", "[program:x]\ncommand=sleep 1\nenvironment=PATH=/nowhere\n", "[program:x]\ncommand=./sleep\ndirectory=/bin\n"),
        ("V202", "[program:x]\ncommand=sh -c 'a ; b'\n", "[program:x]\ncommand=sh -c 'a; b' ; remark\n"),
        ("V202", '[program:x]\ncommand=echo "a\n', "[program:x]\ncommand=echo a ; b\n"),
        ("V203", "[program:x]\ncommand=sleep 5 | cat\n", P),
        ("V203", "[program:x]\ncommand=sleep $TIME\n", "[program:x]\ncommand=sh -c 'sleep $TIME'\n"),
        ("V203", "[program:x]\ncommand=A=1 sleep\n", "[program:x]\ncommand=env A=1 sleep\n"),
        ("V203", "[program:x]\ncommand=sleep ~/x\n", "[program:x]\ncommand=sleep x~/y\n"),
        ("V203", "[program:x]\ncommand=sleep $(cat x)\n", P),
        ("V204", "[program:x]\ncommand=nginx\n", "[program:x]\ncommand=nginx -g 'daemon off;'\n"),
        ("V204", "[program:x]\ncommand=mysqld_safe\n", "[program:x]\ncommand=pidproxy /x mysqld_safe\n"),
        ("V205", "[program:x]\ncommand=java -jar x\n", "[program:x]\ncommand=java -jar x\nstartsecs=30\n"),
        ("V206", P + "startsecs=0\nautorestart=true\n", P + "startsecs=0\n"),
        ("V207", P + "stopsignal=KILL\n", P + "stopsignal=INT\n"),
        ("V207", P + "stopwaitsecs=0\n", P),
        ("V208", "[program:x]\ncommand=sh -c 'a; b'\n", "[program:x]\ncommand=sh -c 'exec a'\n"),
        ("V208", "[program:x]\ncommand=sh -c 'a | b'\n", "[program:x]\ncommand=sh -c 'a | b'\nstopasgroup=true\n"),
        ("V209", P + "numprocs=0\n", P + "numprocs=1\n"),
        ("V209", "[group:g]\nprograms=a,b\n[program:a]\ncommand=x\nprocess_name=n\n[program:b]\ncommand=x\nprocess_name=n\n", P),
        ("V210", P + "[program:y]\ncommand=x\n[group:x]\nprograms=y\n", P),
        ("V210", "[group:g]\nprograms=f\n[fcgi-program:f]\ncommand=x\nsocket=tcp://h:1\n", "[fcgi-program:f]\ncommand=x\nsocket=tcp://h:1\n"),
        ("V211", P + "directory=/nowhere\n", P + "directory=/tmp\n"),
        ("V212", "[program:x]\ncommand=date +%s\n", "[program:x]\ncommand=date +%%s %(program_name)s\n"),
        ("V213", "[program:x]\ncommand=run {{ app }}\n", P),
        ("V301", P + "stdout_logfile=/dev/stdout\n", P + "stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n"),
        ("V301", P + "stderr_logfile=/proc/1/fd/2\n", P + "stderr_logfile=/dev/null\n"),
        ("V301", "[supervisord]\nlogfile=/dev/stdout\n", "[supervisord]\nlogfile=/dev/stdout\nlogfile_maxbytes=0\n"),
        ("V302", P + "stdout_logfile=/tmp/l\n[program:y]\ncommand=x\nstdout_logfile=/tmp/../tmp/l\n", P + "stdout_logfile=/tmp/l\n"),
        ("V302", P + "stdout_logfile=/tmp/l\nstderr_logfile=/tmp/l\n", P + "stdout_logfile=/tmp/l\nstderr_logfile=/tmp/m\n"),
        ("V302", P + "stdout_logfile=/tmp/l\nnumprocs=3\nprocess_name=%(process_num)d\n", P + "stdout_logfile=/dev/null\nstderr_logfile=/dev/null\n"),
        ("V302", P + "stdout_logfile=/tmp/l\n[supervisord]\nlogfile=/tmp/l\n", P + "stdout_logfile=/tmp/l\n"),
        ("V303", P + "stdout_logfile=syslog\n", P + "stdout_syslog=true\n"),
        ("V304", P + "stdout_logfile_maxbytes=0\n", P + "stdout_logfile=/tmp/l\nstdout_logfile_maxbytes=0\n"),
        ("V305", P + "redirect_stderr=true\nstderr_logfile=/tmp/l\n", P + "redirect_stderr=true\nstderr_logfile=NONE\n"),
        ("V306", "[supervisord]\nlogfile=NONE\n", "[supervisord]\nlogfile=/dev/null\n"),
        ("V401", "[inet_http_server]\nport=127.0.0.1:1\nusername=u\npassword=p\n", "[inet_http_server]\nport=127.0.0.1:1\nusername=u\npassword={SHA}0\n"),
        ("V401", "[DEFAULT]\nusername=u\npassword=p\n[unix_http_server]\nfile=/run/x\n", "[unix_http_server]\nfile=/run/x\nusername=u\npassword=%(ENV_HOME)s\n"),
        ("V402", "[inet_http_server]\nport=9001\n", "[inet_http_server]\nport=localhost:9001\n"),
        ("V402", "[inet_http_server]\nport=10.0.0.1:9001\n", "[inet_http_server]\nport=9001\nusername=u\npassword=p\n"),
        ("V403", "[unix_http_server]\nfile=/run/x\nchmod=0777\n", "[unix_http_server]\nfile=/run/x\nchmod=0770\n"),
        ("V404", "[unix_http_server]\nfile=/run/x\n", "[unix_http_server]\nfile=/run/x\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"),
        ("V405", P, "[unix_http_server]\nfile=/run/x\n"),
        ("V406", "[unix_http_server]\nfile=/run/x\n[supervisorctl]\nserverurl=unix:///run/y\n", "[unix_http_server]\nfile=/run/x\n[supervisorctl]\nserverurl=unix:///run/../run/x\n"),
        ("V406", "[inet_http_server]\nport=127.0.0.1:9001\n[supervisorctl]\nserverurl=http://127.0.0.1:9002\n", "[inet_http_server]\nport=9001\n[supervisorctl]\nserverurl=http://any:9001/\n"),
        ("V406", "[inet_http_server]\nport=127.0.0.1:9001\n[supervisorctl]\nserverurl=http://10.0.0.1:9001\n", "[inet_http_server]\nport=127.0.0.1:9001\n[supervisorctl]\nserverurl=http://localhost:9001\n"),
        ("V406", "[unix_http_server]\nfile=/run/x\n[supervisorctl]\nserverurl=http://localhost:9001\n", "[supervisorctl]\nserverurl=unix:///run/y\n"),
        ("V007", "[unix_http_server]\nfile=/run/x\n[supervisorctl]\nserverurl=%(nope)s\n", P),
    ],
)  # fmt: skip
def test_what_is_found_and_what_is_left_alone(tmp_path: Path, code: str, found: str, left_alone: str) -> None:
    environ = {"HOME": "/root"}
    assert advice(tmp_path, found, code, environ)
    assert advice(tmp_path, left_alone, code, environ) == []


def test_a_finding_stands_at_the_line_of_its_option_or_section(tmp_path: Path) -> None:
    text = "[program:x]\ncommand=java -jar x\n"
    assert [item.where.line for item in advice(tmp_path, text, "V205")] == [1]
    assert [item.where.line for item in advice(tmp_path, text + "startsecs=2\n", "V205")] == [3]


def test_a_program_that_shares_a_log_is_told_once(tmp_path: Path) -> None:
    text = "[program:w]\ncommand=x\nstdout_logfile=/tmp/l\nnumprocs=5\nprocess_name=%(process_num)d\n"
    findings = advice(tmp_path, text, "V302")

    assert len(findings) == 1
    assert "0 (" in findings[0].text


def test_numbered_processes_to_a_device_are_told_once(tmp_path: Path) -> None:
    text = "[program:w]\ncommand=x\nstdout_logfile=/dev/fd/1\nnumprocs=5\nprocess_name=%(process_num)d\n"

    assert len(advice(tmp_path, text, "V301")) == 1


def test_a_program_defined_twice_is_an_error_here(tmp_path: Path) -> None:
    findings = advice(tmp_path, P + P, "V104")

    assert [(item.severity, item.where.line) for item in findings] == [("error", 3)]
    assert "supervisord.conf:1" in findings[0].text
    assert [item.severity for item in advice(tmp_path, "[supervisord]\n[supervisord]\n", "V104")] == [
        "warning"
    ]


def test_a_variable_in_a_command_is_offered_as_an_expansion(tmp_path: Path) -> None:
    (finding,) = advice(tmp_path, "[program:x]\ncommand=sleep ${TIME}\n", "V203")

    assert finding.hint.startswith("write %(ENV_TIME)s")


def test_passwords_are_never_shown(tmp_path: Path) -> None:
    text = "[inet_http_server]\nport=9001\nusername=u\npassword=hunter2\n"
    loaded = load_text(tmp_path, text)

    assert "hunter2" not in "".join(map(str, lint(loaded, environ={})))


def test_a_broken_file_is_advised_on_as_far_as_it_goes(tmp_path: Path) -> None:
    text = "[program:x]\ncommand=nginx\nuser=mallory\nstdout_logfile=/nowhere/x\n[program:a b]\ncommand=x\n"
    codes = [item.code for item in lint(load_text(tmp_path, text), environ={})]

    assert {"V011", "V010", "V204", "V008"} <= set(codes)


def test_findings_are_sorted_by_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, "[program:a]\ncommand=nginx\n", "a.conf")
    text = "[include]\nfiles=a.conf\n[program:x]\ncommand=nginx\nbogus=1\n"
    findings = lint(load_text(tmp_path, text), environ={"PATH": os.defpath})

    places = [(Path(item.where.file).name, item.where.line) for item in findings if item.where.line]
    assert places == sorted(places, key=lambda place: (place[0] == "a.conf", place[1]))


def test_a_file_that_is_not_there_gets_no_advice_but_that(tmp_path: Path) -> None:
    assert [item.code for item in lint(load_file(f"{tmp_path}/none"), environ={})] == ["V001"]


def test_a_load_that_came_to_nothing_gets_no_advice() -> None:
    assert lint(Loaded(None, (), ()), environ={}) == ()


def test_every_code_that_is_used_is_explained() -> None:
    folder = Path(lint.__code__.co_filename).parent
    source = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "codes.py")

    assert [code for code in CODES if f'"{code}"' not in source] == []


def test_no_code_is_used_that_is_not_explained() -> None:
    folder = Path(lint.__code__.co_filename).parent
    used = {code for path in folder.glob("*.py") for code in re.findall(r'"(V\d{3})"', path.read_text())}

    assert used == set(CODES)
