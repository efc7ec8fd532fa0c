"""Advice about log files: what is found, and what is left alone."""

from pathlib import Path

import pytest

from config.build import advice

P = "[program:x]\ncommand=/bin/sleep 5\n"


@pytest.mark.parametrize(
    ("code", "found", "left_alone"),
    [
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
    ],
)  # fmt: skip
def test_what_is_found_and_what_is_left_alone(tmp_path: Path, code: str, found: str, left_alone: str) -> None:
    environ = {"HOME": "/root"}
    assert advice(tmp_path, found, code, environ)
    assert advice(tmp_path, left_alone, code, environ) == []


def test_a_program_that_shares_a_log_is_told_once(tmp_path: Path) -> None:
    text = "[program:w]\ncommand=x\nstdout_logfile=/tmp/l\nnumprocs=5\nprocess_name=%(process_num)d\n"
    findings = advice(tmp_path, text, "V302")

    assert len(findings) == 1
    assert "0 (" in findings[0].text


def test_numbered_processes_to_a_device_are_told_once(tmp_path: Path) -> None:
    text = "[program:w]\ncommand=x\nstdout_logfile=/dev/fd/1\nnumprocs=5\nprocess_name=%(process_num)d\n"

    assert len(advice(tmp_path, text, "V301")) == 1


def test_options_that_json_has_no_place_for(tmp_path: Path) -> None:
    text = "[program:x]\ncommand=/bin/cat\nlog_prefix=x\nlog_timestamps=true\n"
    assert [] == advice(tmp_path, text, "V307")
    found = advice(tmp_path, text + "log_format=json\n", "V307")
    assert [("log_prefix", 3), ("log_timestamps", 4)] == [(item.option, item.where.line) for item in found]


def test_a_format_of_a_log_that_is_not_kept(tmp_path: Path) -> None:
    text = "[program:x]\ncommand=/bin/cat\nlog_format=json\nstdout_logfile=NONE\n"
    assert [] == advice(tmp_path, text, "V307")
    assert ["log_format"] == [
        item.option for item in advice(tmp_path, text + "redirect_stderr=true\n", "V307")
    ]
    assert 1 == len(advice(tmp_path, text + "stderr_logfile=NONE\n", "V307"))
