"""Advice about servers and clients: what is found, and what is left alone."""

from pathlib import Path

import pytest

from config.build import advice, load_text
from vigild.config.lint import lint

P = "[program:x]\ncommand=/bin/sleep 5\n"


@pytest.mark.parametrize(
    ("code", "found", "left_alone"),
    [
        ("V401", "[inet_http_server]\nport=127.0.0.1:1\nusername=u\npassword=p\n", "[inet_http_server]\nport=127.0.0.1:1\nusername=u\npassword={SHA}0\n"),
        ("V401", "[DEFAULT]\nusername=u\npassword=p\n[unix_http_server]\nfile=/run/x\n", "[unix_http_server]\nfile=/run/x\nusername=u\npassword=%(ENV_HOME)s\n"),
        ("V402", "[inet_http_server]\nport=9001\n", "[inet_http_server]\nport=localhost:9001\n"),
        ("V402", "[inet_http_server]\nport=10.0.0.1:9001\n", "[inet_http_server]\nport=9001\nusername=u\npassword=p\n"),
        ("V403", "[unix_http_server]\nfile=/run/x\nchmod=0777\n", "[unix_http_server]\nfile=/run/x\nchmod=0770\n"),
        ("V401", "[user:u]\npassword=p\n", "[user:u]\npassword={scrypt}x\n"),
        ("V402", "[inet_http_server]\nport=9001\nallow_unauthenticated=true\n", "[inet_http_server]\nport=9001\n[user:u]\npassword={SHA}0\n"),
        ("V403", "[unix_http_server]\nfile=/run/x\nchmod=0777\n", "[unix_http_server]\nfile=/run/x\nchmod=0777\noperators=root\n"),
        ("V407", "[user:u]\npassword={SHA}0\n", "[inet_http_server]\nport=127.0.0.1:1\n[user:u]\npassword={SHA}0\n"),
        ("V407", "[inet_http_server]\nport=127.0.0.1:1\n[user:u]\n", "[inet_http_server]\nport=127.0.0.1:1\ncertfile=/c\nclient_ca_file=/c\n[user:u]\n"),
        ("V408", "[inet_http_server]\nport=127.0.0.1:1\ncertfile=/no/such\n", "[inet_http_server]\nport=127.0.0.1:1\ncertfile=/etc/passwd\n"),
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


def test_passwords_are_never_shown(tmp_path: Path) -> None:
    text = "[inet_http_server]\nport=9001\nusername=u\npassword=hunter2\n"
    loaded = load_text(tmp_path, text)

    assert "hunter2" not in "".join(map(str, lint(loaded, environ={})))


def test_a_password_that_cannot_be_expanded_is_not_shown_either(tmp_path: Path) -> None:
    text = "[inet_http_server]\nport=9001\nusername=u\npassword=hunter%2 hunter\n"
    findings = [str(item) for item in load_text(tmp_path, text).diagnostics]

    assert "at character 7" in findings[0]
    assert "hunter" not in "".join(findings)


def test_a_port_that_is_open_says_what_that_means(tmp_path: Path) -> None:
    text = "[inet_http_server]\nport=9001\n"
    (looking,) = advice(tmp_path, text, "V402")
    (acting,) = advice(tmp_path, text + "allow_unauthenticated=true\n", "V402")
    assert looking.text.endswith("nobody may start or stop anything through it")
    assert acting.text.endswith("who reaches it controls the programs")
