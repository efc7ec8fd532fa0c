"""docs/recipes/on-fatal.md"""

import pytest

from recipes.book import Kitchen, comes_back, kill_main
from support.until import until

pytestmark = pytest.mark.slow


def test_the_listener_starts_the_standby_and_notes_the_last_words(kitchen: Kitchen) -> None:
    with kitchen.running("on-fatal") as daemon:
        daemon.wait_state("on-fatal", "RUNNING")
        assert daemon.state("standby") == "STOPPED"
        assert daemon.ctl("start", "primary").out == "primary: ERROR (spawn error)\n"
        daemon.wait_state("primary", "FATAL")
        daemon.wait_state("standby", "RUNNING")
        assert (
            kitchen.read("on-fatal.log") == "PROCESS_STATE_FATAL primary:primary from BACKOFF: no database\n"
        )


def test_the_listener_comes_back_after_a_crash_and_still_hears(kitchen: Kitchen) -> None:
    with kitchen.running("on-fatal") as daemon:
        daemon.wait_state("on-fatal", "RUNNING")
        pid = daemon.pid("on-fatal")
        kill_main(pid)
        comes_back(daemon, "on-fatal", pid, lambda: True)
        daemon.ctl("start", "primary")
        daemon.wait_state("standby", "RUNNING")
        until(
            lambda: "primary:primary from BACKOFF" in kitchen.read("on-fatal.log"), what="the listener's note"
        )
