"""The record of a process survives as it is."""

import pytest

from vigild.config.snapshot import SnapshotError
from vigild.core.process import Alarm, Process, Wanted
from vigild.core.states import ProcessState
from vigild.engine.records import ProcessRecord, decode_record


@pytest.mark.parametrize(
    "record",
    [
        ProcessRecord(),
        ProcessRecord(
            Process(ProcessState.STOPPING, Wanted.DOWN, 7, 2, 1.5, None, "words"),
            "id", 9, Alarm.KILL, 12.5, 1.7e9, 1.8e9, "/o", None, "exit status 1",
        ),
        ProcessRecord(
            Process(ProcessState.EXITED, Wanted.UP, flapping=True, restarts=(1.5, 2.25), restart_delay=4.0, restart_at=9.5),
            alarm=Alarm.RETRY, alarm_at=9.5,
        ),
    ],
)  # fmt: skip
def test_what_is_written_is_read(record: ProcessRecord) -> None:
    assert record == decode_record(record.encode())


def test_nonsense_is_refused() -> None:
    with pytest.raises(SnapshotError):
        decode_record(b"[1]")
