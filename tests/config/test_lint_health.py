"""Advice about readiness and health."""

from pathlib import Path

import pytest

from config.build import advice

P = "[program:x]\ncommand=/bin/sleep 5\n"
CHECK = "healthcheck=http://127.0.0.1/\n"


@pytest.mark.parametrize(
    ("found", "left_alone"),
    [
        (P + "healthcheck_interval=5\n", P + CHECK + "healthcheck_interval=5\n"),
        (P + "on_unhealthy=restart\n", P + CHECK + "on_unhealthy=restart\n"),
        (
            P + "healthcheck=tcp://127.0.0.1:1\nhealthcheck_expect_body=x\n",
            P + CHECK + "healthcheck_expect_body=x\n",
        ),
        (P + "readiness_timeout=5\n", P + "readiness=notify\nreadiness_timeout=5\n"),
        (P + "readiness=notify\nstartsecs=5\n", P + "startsecs=5\n"),
        (P + CHECK + "healthcheck_timeout=60\n", P + CHECK + "healthcheck_timeout=30\n"),
    ],
)
def test_options_without_effect(tmp_path: Path, found: str, left_alone: str) -> None:
    assert len(advice(tmp_path, found, "V271")) == 1
    assert advice(tmp_path, left_alone, "V271") == []


@pytest.mark.parametrize(
    ("found", "left_alone"),
    [
        (
            "[program:x]\ncommand=sudo -u www x\nreadiness=notify\n",
            "[program:x]\ncommand=sudo -u www x\nreadiness=tcp://127.0.0.1:1\n",
        ),
        ("[program:x]\ncommand=docker run x\nwatchdog_secs=5\n", P + "watchdog_secs=5\n"),
        (
            '[program:x]\ncommand=sh -c "exec x > /tmp/x.log"\nreadiness=log:up\n',
            '[program:x]\ncommand=sh -c "x | tee > /tmp/x.log"\nreadiness=log:up\n',
        ),
        (
            '[program:x]\ncommand=sh -c "x > y"\nhealthcheck=log:up\n',
            '[program:x]\ncommand=sh -c "exec x"\nhealthcheck=log:up\n',
        ),
    ],
)
def test_programs_that_cannot_answer(tmp_path: Path, found: str, left_alone: str) -> None:
    assert len(advice(tmp_path, found, "V272")) == 1
    assert advice(tmp_path, left_alone, "V272") == []


def test_a_program_without_a_command_is_not_looked_at_further(tmp_path: Path) -> None:
    assert advice(tmp_path, "[program:x]\ncommand=\nreadiness=notify\n", "V272") == []


def test_a_section_that_makes_no_process_is_left_alone(tmp_path: Path) -> None:
    assert advice(tmp_path, P + "readiness_timeout=5\nnumprocs=0\n", "V271") == []
