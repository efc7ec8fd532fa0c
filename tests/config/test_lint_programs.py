"""Advice about programs: what is found, and what is left alone."""

from pathlib import Path

import pytest

from config.build import advice, load_text
from vigild.config.lint import lint

P = "[program:x]\ncommand=/bin/sleep 5\n"
TWO = P + "numprocs=2\nprocess_name=%(process_num)d\n"


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
        ("V204", "[program:x]\ncommand=nginx\n", "[program:x]\ncommand=nginx\nforking=true\n"),
        ("V204", "[program:x]\ncommand=mysqld_safe\n", "[program:x]\ncommand=mysqld_safe\nkillmode=tree\n"),
        ("V241", P + "pidfile=/x\n", P + "pidfile=/x\nforking=true\n"),
        ("V242", TWO + "forking=true\npidfile=/x\n", TWO + "forking=true\npidfile=/x%(process_num)d\n"),
        ("V205", "[program:x]\ncommand=java -jar x\n", "[program:x]\ncommand=java -jar x\nstartsecs=30\n"),
        ("V206", P + "startsecs=0\nautorestart=true\n", P + "startsecs=0\n"),
        ("V206", P + "startsecs=0\nautorestart=true\n", P + "startsecs=0\nautorestart=true\non_flapping=fatal\n"),
        ("V207", P + "stopsignal=KILL\n", P + "stopsignal=INT\n"),
        ("V207", P + "stopwaitsecs=0\n", P),
        ("V208", "[program:x]\ncommand=sh -c 'a; b'\n", "[program:x]\ncommand=sh -c 'exec a'\n"),
        ("V208", "[program:x]\ncommand=sh -c 'a | b'\n", "[program:x]\ncommand=sh -c 'a | b'\nstopasgroup=true\n"),
        ("V208", "[program:x]\ncommand=sh -c 'a; b'\n", "[program:x]\ncommand=sh -c 'a; b'\nkillmode=tree\n"),
        ("V209", P + "numprocs=0\n", P + "numprocs=1\n"),
        ("V209", "[group:g]\nprograms=a,b\n[program:a]\ncommand=x\nprocess_name=n\n[program:b]\ncommand=x\nprocess_name=n\n", P),
        ("V210", P + "[program:y]\ncommand=x\n[group:x]\nprograms=y\n", P),
        ("V210", "[group:g]\nprograms=f\n[fcgi-program:f]\ncommand=x\nsocket=tcp://h:1\n", "[fcgi-program:f]\ncommand=x\nsocket=tcp://h:1\n"),
        ("V211", P + "directory=/nowhere\n", P + "directory=/tmp\n"),
        ("V212", "[program:x]\ncommand=date +%s\n", "[program:x]\ncommand=date +%%s %(program_name)s\n"),
        ("V213", "[program:x]\ncommand=run {{ app }}\n", P),
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


def test_a_variable_in_a_command_is_offered_as_an_expansion(tmp_path: Path) -> None:
    (finding,) = advice(tmp_path, "[program:x]\ncommand=sleep ${TIME}\n", "V203")

    assert finding.hint.startswith("write %(ENV_TIME)s")


def test_to_remember_what_does_not_start_by_itself_is_no_conflict(tmp_path: Path) -> None:
    text = "[program:w]\ncommand=/bin/true\nautostart=false\nautorestart=false\nremember=true\n"
    loaded = load_text(tmp_path, text)
    found = [*loaded.diagnostics, *lint(loaded, environ={"PATH": "/bin"})]
    assert [finding for finding in found if finding.option in ("autostart", "remember")] == []
