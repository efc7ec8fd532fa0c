"""The options of schedules: what is taken, what a program with one is by default, and what is refused."""

from pathlib import Path
from typing import Any

import pytest

from config.build import load_text, processes_of
from config.test_convert import AROUND
from vigild.config import convert_schedule as convert
from vigild.config.diagnostics import BadValueError
from vigild.core.process import Autorestart

JOB = "[program:job]\ncommand=/bin/true\nschedule=30 4 * * *\n"


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        (convert.schedule, " @daily ", "@daily"),
        (convert.schedule, "none", ""),
        (convert.schedule, "", ""),
        (convert.timezone, "Europe/Berlin", "Europe/Berlin"),
        (convert.timezone, "local", ""),
        (convert.timezone, "", ""),
        (convert.overlap, "Queue", "queue"),
        (convert.missed, "once", "once"),
    ],
)
def test_values(converter: Any, text: str, value: object) -> None:
    assert converter(text, AROUND) == value


@pytest.mark.parametrize(
    ("converter", "text", "complaint"),
    [
        (convert.schedule, "61 * * * *", "no minute"),
        (convert.timezone, "Mars", "unknown time zone"),
        (convert.overlap, "kill", "none of skip, queue, restart"),
        (convert.missed, "all", "none of skip, once"),
    ],
)
def test_values_that_are_none(converter: Any, text: str, complaint: str) -> None:
    with pytest.raises(BadValueError, match=complaint):
        converter(text, AROUND)


def test_a_program_with_a_schedule_is_started_by_that_alone(tmp_path: Path) -> None:
    (job,) = processes_of(load_text(tmp_path, JOB))
    assert (job.schedule, job.autostart, job.autorestart, job.start_seconds) == (
        "30 4 * * *",
        False,
        Autorestart.NEVER,
        0,
    )
    (job,) = processes_of(load_text(tmp_path, f"{JOB}autostart=true\nautorestart=unexpected\nstartsecs=5\n"))
    assert (job.autostart, job.autorestart, job.start_seconds) == (True, Autorestart.UNEXPECTED, 5)
    (web,) = processes_of(load_text(tmp_path, "[program:web]\ncommand=/bin/cat\nschedule=\n"))
    assert (web.autostart, web.schedule) == (True, "")


def test_a_listener_has_none(tmp_path: Path) -> None:
    text = "[eventlistener:ears]\ncommand=/bin/cat\nevents=TICK_5\nschedule=@daily\n"
    assert [item.code for item in load_text(tmp_path, text).diagnostics] == ["V101"]
