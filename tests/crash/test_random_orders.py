"""Random orders, random deaths of programs, and a daemon that is killed or upgraded again and again in between.

Whatever the order of things: no program ever runs twice, and in the end the daemon knows exactly what runs.
"""

import contextlib
import os
import random
import signal
import time
from pathlib import Path

import pytest

from crash.numbered import PROBES, read_notes
from support.daemon import Daemon
from support.until import until
from vigild.client.errors import ClientError
from vigild.client.supervisor import Supervisor

PROGRAMS = 12
ROUNDS = int(os.environ.get("VIGIL_CRASH_ROUNDS", "8"))
ORDERS_A_ROUND = 30
LONGEST_LIFE_SECONDS = 0.3

CONF = """
[program:{name}]
command=/bin/sh {probes}/instance.sh {name} {notes}
startsecs={startsecs}
autorestart={autorestart}
stopwaitsecs=5
"""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def order_something(daemon: Daemon, notes: Path, chance: random.Random) -> None:
    """One order to the daemon, or the death of a program."""
    name = f"p{chance.randrange(PROGRAMS)}"
    if chance.random() < 0.3:
        pids = read_notes(notes).starts.get(name, [])
        if pids and is_alive(pids[-1]):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pids[-1], signal.SIGKILL)
        return
    with contextlib.suppress(OSError, ClientError), Supervisor.at(f"unix://{daemon.socket}") as client:
        chance.choice((client.start, client.stop))(name, wait=False)


def knows_all(daemon: Daemon, notes: Path) -> bool:
    """Each program's living instances are the one that the daemon tells of, in a state that says so."""
    try:
        with Supervisor.at(f"unix://{daemon.socket}") as client:
            infos = client.all_info()
    except (OSError, ClientError):
        return False
    starts = read_notes(notes).starts
    return all(
        info["statename"] in ("RUNNING", "STOPPED", "EXITED", "FATAL")
        and [pid for pid in starts.get(info["name"], []) if is_alive(pid)]
        == [pid for pid in [info["pid"]] if pid]
        for info in infos
    )


@pytest.mark.slow
def test_nothing_runs_twice_and_nothing_is_forgotten(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    notes = tmp_path / "notes"
    conf = "".join(
        CONF.format(
            name=f"p{number}",
            probes=PROBES,
            notes=notes,
            startsecs=number % 2,
            autorestart=("true", "unexpected", "false")[number % 3],
        )
        for number in range(PROGRAMS)
    )
    with Daemon(tmp_path, conf) as daemon:
        for number in range(ROUNDS):
            deadline = time.monotonic() + chance.uniform(0, LONGEST_LIFE_SECONDS)
            for _ in range(chance.randrange(ORDERS_A_ROUND)):
                order_something(daemon, notes, chance)
                if time.monotonic() > deadline:
                    break
            assert daemon.process is not None
            if number % 4 == 3:
                daemon.wait_answering()
                outcome = daemon.ctl("upgrade")
                assert outcome.code == 0, f"{outcome}, seed {seed}\n{daemon.words()}"
            else:
                daemon.process.kill()
                daemon.process.wait()
                daemon.start(wait=chance.random() < 0.5)
        daemon.wait_answering()
        until(lambda: knows_all(daemon, notes), what=f"order after seed {seed}")
        assert [] == read_notes(notes).doubles, f"seed {seed}"
        daemon.process.send_signal(signal.SIGTERM)  # type: ignore[union-attr]
        assert daemon.wait_end() == 0
        assert [] == daemon.descendants(), f"seed {seed}"
