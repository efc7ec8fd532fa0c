"""Checks of schedules."""

from pathlib import Path

import pytest

from config.build import advice

JOB = "[program:job]\ncommand=/bin/true\nschedule=30 4 * * *\n"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ("autorestart=true\n", "autorestart=true starts it again whenever it ends"),
        ("startsecs=3\n", "fails where it ends within 3 seconds"),
        ("readiness=notify\n", None),
        ("schedule=0 0 */30 2 mon#5\n", "no such date ever comes"),
    ],
)
def test_what_a_job_should_not_say(tmp_path: Path, more: str, complaint: str | None) -> None:
    texts = [item.text for item in advice(tmp_path, JOB + more, "V281")]
    assert (
        [complaint] if complaint else [] == [complaint for text in texts if complaint and complaint in text]
    )
    assert len(texts) == (1 if complaint else 0)


def test_options_that_only_a_schedule_has_a_use_for(tmp_path: Path) -> None:
    text = "[program:web]\ncommand=/bin/cat\nschedule_missed=once\nschedule_timezone=UTC\n"
    assert [item.option for item in advice(tmp_path, text, "V281")] == [
        "schedule_missed",
        "schedule_timezone",
    ]
    assert advice(tmp_path, JOB + "schedule_missed=once\n", "V281") == []
    wrong = text.replace("schedule_missed", "schedule=every day\nschedule_missed")
    assert advice(tmp_path, wrong, "V281") == [], "what is wrong is the schedule"
