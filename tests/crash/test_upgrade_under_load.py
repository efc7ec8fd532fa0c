"""Under load the daemon is replaced by new code: no program notices, no line is lost, no client is refused."""

from pathlib import Path

import pytest

from crash.crowd import assert_nothing_happened, at_a_random_moment, running_crowd
from crash.poller import Poller
from support.until import until

PROGRAMS = 200
UPGRADES = 3


@pytest.mark.slow
def test_an_upgrade_costs_no_restart_no_line_and_no_call(roomy_tmp: Path, free_port: int) -> None:
    with running_crowd(roomy_tmp, PROGRAMS, free_port) as crowd:
        pids = crowd.pids()
        own = crowd.daemon.ctl("pid").out
        doors = (crowd.daemon.socket, free_port)
        pollers = [Poller(door, keep=keep) for door in doors for keep in (False, True)]
        try:
            for poller in pollers:
                poller.start()
            for _ in range(UPGRADES):
                at_a_random_moment(crowd)
                outcome = crowd.daemon.ctl("upgrade")
                assert outcome.code == 0, outcome
                until(lambda: crowd.told_pids() == pids, what="all programs to be known")
                assert own == crowd.daemon.ctl("pid").out
                answered = [poller.answers for poller in pollers]
                until(lambda: all(p.answers > a for p, a in zip(pollers, answered, strict=True)))  # noqa: B023
        finally:
            for poller in pollers:
                poller.end()
        assert [] == [trouble for poller in pollers for trouble in poller.troubles]
        assert_nothing_happened(crowd)
