"""docs/recipes/one-shot.md"""

import re

import pytest

from recipes.book import Kitchen, blocks
from support.until import until

pytestmark = pytest.mark.slow


def test_a_job_runs_once_when_the_daemon_starts(kitchen: Kitchen) -> None:
    (kitchen.dir / "exit-status").write_text("0")
    with kitchen.running("one-shot") as daemon:
        line = daemon.wait_state("migrate", "EXITED")
        assert re.fullmatch(r"migrate +EXITED    \w{3} \d\d \d\d:\d\d (AM|PM)", line)
        assert daemon.state("report") == "STOPPED"
        assert kitchen.read("migrations") == "migrated\n"
        assert daemon.log().count("spawned: 'migrate'") == 1
        assert "exited: migrate (exit status 0; expected)" in daemon.log()


def test_cron_starts_a_job_as_often_as_it_likes(kitchen: Kitchen) -> None:
    (kitchen.dir / "exit-status").write_text("0")
    (crontab,) = (block.text for block in blocks("one-shot") if block.name == "crontab")
    order = crontab.split()[-2:]
    with kitchen.running("one-shot") as daemon:
        for times in (1, 2, 3):
            assert daemon.ctl(*order).out == "report: started\n"
            daemon.wait_state("report", "EXITED")
            until(lambda times=times: kitchen.read("reports").count("\n") == times, what=f"report {times}")  # type: ignore[misc]


def test_a_job_that_fails_is_noted_and_not_run_again(kitchen: Kitchen) -> None:
    (kitchen.dir / "exit-status").write_text("7")
    with kitchen.running("one-shot") as daemon:
        assert daemon.ctl("start", "report").out == "report: started\n"
        daemon.wait_state("report", "EXITED")
        assert "exited: report (exit status 7; not expected)" in daemon.log()
        assert daemon.ctl("start", "report").out == "report: started\n"
        daemon.wait_state("report", "EXITED")
        assert daemon.log().count("spawned: 'report'") == 2
