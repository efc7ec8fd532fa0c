"""Reaping takes all that have ended, however few signals came."""

import os
from pathlib import Path

from support.until import until
from vigild.host.reaper import Reaper


def test_one_call_reaps_all_and_none_is_no_error() -> None:
    told: dict[int, int] = {}
    reaper = Reaper(told.__setitem__)
    pids = [os.posix_spawn("/bin/sh", ["sh", "-c", f"exit {code}"], {}) for code in (0, 3)]

    def both_ended() -> bool:
        return all(b") Z " in Path(f"/proc/{pid}/stat").read_bytes() for pid in pids)

    until(both_ended)
    reaper.reap()
    assert {pid: os.waitstatus_to_exitcode(status) for pid, status in told.items()} == {
        pids[0]: 0,
        pids[1]: 3,
    }
    reaper.reap()
    assert len(told) == 2
