"""docs/recipes/batch-workers.md"""

import pytest

from recipes.book import Kitchen, comes_back
from support.smtp_server import SmtpServer
from support.until import until

pytestmark = pytest.mark.slow
WORKERS = [f"render:render_{number:02}" for number in range(4)]


@pytest.fixture
def farm(kitchen: Kitchen) -> Kitchen:
    kitchen.directory("todo")
    return kitchen


def test_each_crash_is_a_mail_with_its_last_words_and_the_fleet_goes_on(farm: Kitchen) -> None:
    with SmtpServer(port=farm.port) as server, farm.running("batch-workers") as daemon:
        for name in (*WORKERS, "crashmail"):
            daemon.wait_state(name, "RUNNING")
        pids = {name: daemon.pid(name) for name in WORKERS}
        for number in (1, 3):
            (farm.dir / "todo" / f"broken-{number}").touch()
        for number in (1, 3):
            comes_back(daemon, WORKERS[number], pids[WORKERS[number]], lambda: True)
        until(lambda: len(server.letters) == 2, what="two mails")
        mails = sorted(letter.data for letter in server.letters)
        for number, mail in zip((1, 3), mails, strict=True):
            assert f"Subject: farm1: render_0{number} crashed at " in mail
            assert f"ValueError: broken-{number}: frame 17 has no camera" in mail
        assert [letter.recipients for letter in server.letters] == [["ops@example.com"]] * 2
        assert daemon.pid(WORKERS[0]) == pids[WORKERS[0]]


def test_a_fleet_that_has_done_its_work_ends_without_a_mail(farm: Kitchen) -> None:
    with SmtpServer(port=farm.port) as server, farm.running("batch-workers") as daemon:
        daemon.wait_state("crashmail", "RUNNING")
        (farm.dir / "todo" / "END").touch()
        for name in WORKERS:
            daemon.wait_state(name, "EXITED")
        (farm.dir / "todo" / "END").unlink()
        assert daemon.ctl("start", WORKERS[2]).code == 0
        (farm.dir / "todo" / "broken-2").touch()
        until(lambda: server.letters, what="the mail of the only crash")
        assert "render_02 crashed at " in server.letters[0].data
