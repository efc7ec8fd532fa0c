"""Under load the daemon is killed, or replaced by new code: no program notices, and no line is lost."""

import random
from pathlib import Path

import pytest

from crash.crowd import BURST_BYTES, Crowd, running_crowd
from crash.poller import Poller
from support.until import until

PROGRAMS = 200
ROUNDS = 10
UPGRADES = 3


def at_a_random_moment(crowd: Crowd) -> None:
    """Return somewhere in a flood, decided by how far one of the writers has come."""
    crowd.flood()
    crowd.wait_written(f"busy{random.randrange(10)}", random.randrange(BURST_BYTES // 100 // 2))


def assert_nothing_happened(crowd: Crowd) -> None:
    """All end, and then each has been started once, and every line is there once."""
    crowd.daemon.ctl("shutdown")
    assert crowd.daemon.wait_end(60) == 0
    notes = crowd.notes
    assert [] == notes.restarted()
    assert [] == notes.doubles
    assert [] == notes.errors
    assert {writer.name for writer in crowd.writers} == set(notes.ends)
    assert {} == crowd.broken_logs()
    assert crowd.count().written > 0


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
