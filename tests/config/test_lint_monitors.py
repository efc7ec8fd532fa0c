from pathlib import Path

import pytest

from config.build import advice

ALERT = "[alert:a]\nurl=exec:/bin/true\n"
WEB = "[program:web]\ncommand=/bin/cat\n"


@pytest.mark.parametrize(
    ("rules", "count"),
    [
        ("if failed then alert", 1),
        ('if failed then exec "/bin/x"', 0),
        ("if failed then alert else if recovered then exec '/bin/x'", 0),
    ],
)
def test_a_monitor_that_nobody_hears_of(tmp_path: Path, rules: str, count: int) -> None:
    text = f"[monitor:m]\ntype=file\npath=/x\nrules={rules}\n"
    assert len(advice(tmp_path, text, "V511")) == count
    assert advice(tmp_path, text + ALERT, "V511") == []


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("type=host\nurl=tcp://a:1\nexpect_status=200", "expect_status"),
        ("type=host\nurl=http://a/\nsend=x", "send"),
        ("type=host\nurl=udp://a:1\ntls_verify=no", "tls_verify"),
        ("type=host\nurl=http://a/\ntls_verify=no", "tls_verify"),
        ("type=file\npath=/x\ncontent_ignore=y", "content_ignore"),
        ("type=system\ntimeout=60", "timeout"),
        ("type=system\nprogram=web", "program"),
    ],
)
def test_options_without_effect(tmp_path: Path, text: str, option: str) -> None:
    (finding,) = advice(tmp_path, f"[monitor:m]\n{text}\n{ALERT}{WEB}", "V512")
    assert finding.option == option


@pytest.mark.parametrize(
    "text",
    [
        "type=host\nurl=https://a/\nexpect_status=200\ntls_verify=no",
        "type=host\nurl=unix:///x\nsend=x\nexpect=y",
        "type=host\nurl=udp://x:53\nsend=x\nexpect=y",
        "type=file\npath=/x\ncontent=x\ncontent_ignore=y",
        "type=system\nprogram=web\nrules=if cpu > 90% then restart",
        "type=directory\npath=/\ninterval=1",
        "type=program\ncommand=/bin/sh -c 'a | b'",
    ],
)
def test_what_is_as_it_should_be(tmp_path: Path, text: str) -> None:
    for code in ("V511", "V512", "V513"):
        assert advice(tmp_path, f"[monitor:m]\n{text}\n{ALERT}{WEB}", code) == []


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("type=filesystem\npath=/nonexistent", "path"),
        ("type=program\ncommand=a | b", "command"),
        ("type=process\npattern=x\nstart_command=a && b", "start_command"),
    ],
)
def test_what_is_not_there_and_what_needs_a_shell(tmp_path: Path, text: str, option: str) -> None:
    (finding,) = advice(tmp_path, f"[monitor:m]\n{text}\n{ALERT}", "V513")
    assert finding.option == option
