"""Under load the daemon is killed: no program notices, and no line is lost."""

from pathlib import Path

import pytest

from crash.crowd import assert_nothing_happened, at_a_random_moment, running_crowd
from support.until import until

PROGRAMS = 200
ROUNDS = 10


@pytest.mark.slow
def test_a_killed_daemon_costs_no_restart_and_no_line(roomy_tmp: Path, free_port: int) -> None:
    with running_crowd(roomy_tmp, PROGRAMS, free_port) as crowd:
        pids = crowd.pids()
        assert pids == crowd.told_pids()
        for _ in range(ROUNDS):
            at_a_random_moment(crowd)
            assert crowd.daemon.process is not None
            crowd.daemon.process.kill()
            crowd.daemon.process.wait()
            crowd.daemon.start()
            until(lambda: crowd.told_pids() == pids, what="all programs to be adopted")
        assert_nothing_happened(crowd)
