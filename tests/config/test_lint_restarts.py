"""Advice about the pace of restarts."""

from pathlib import Path

import pytest

from config.build import advice

P = "[program:x]\ncommand=/bin/sleep 5\n"


@pytest.mark.parametrize(
    ("found", "left_alone"),
    [
        (P + "restart_delay=10\nrestart_limit=5\n", P + "restart_delay=10\nrestart_limit=10\n"),
        (P + "restart_delay=90\n", P + "restart_delay=60\n"),
        (P + "startretries=-2\n", P + "startretries=-1\n"),
        (P + "flapping=off\nrestart_factor=3\n", P + "restart_factor=3\n"),
        (P + "flapping=off\nrestart_limit=3\n", P + "flapping=off\nrestart_limit=3\nstartretries=-1\n"),
        (P + "flapping=off\nrestart_limit=30\n", P + "flapping=off\nrestart_delay=3\nrestart_factor=3\n"),
        (P + "flapping=off\non_flapping=fatal\n", P + "on_flapping=fatal\n"),
        (
            P + "flapping=3/10s\non_flapping=fatal\nrestart_delay=1\n",
            P + "flapping=3/15s\non_flapping=fatal\nrestart_delay=1\n",
        ),
    ],
)
def test_what_is_found_and_what_is_left_alone(tmp_path: Path, found: str, left_alone: str) -> None:
    assert len(advice(tmp_path, found, "V251")) == 1
    assert advice(tmp_path, left_alone, "V251") == []


def test_a_finding_stands_at_the_option_that_is_given(tmp_path: Path) -> None:
    (finding,) = advice(tmp_path, P + "restart_delay=90\n", "V251")
    assert (finding.where.line, finding.option) == (3, "restart_delay")
    assert finding.hint == "set restart_limit=90 or more"


def test_a_section_that_makes_no_process_is_left_alone(tmp_path: Path) -> None:
    assert advice(tmp_path, P + "restart_delay=90\nnumprocs=0\n", "V251") == []
