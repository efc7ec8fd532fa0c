"""What the journal keeps of one process: enough for another daemon to go on from there."""

from dataclasses import field
from typing import TYPE_CHECKING

from vigild.config.snapshot import from_json, to_json
from vigild.core.frozen import plain
from vigild.core.process import Alarm, Process

if TYPE_CHECKING:
    from vigild.engine.managed import ManagedProcess

PROCESS = "process"  # kind of journal entry; its key is the namespec
ENDING = (
    "ending"  # there is one entry of this kind, with an empty key, once the daemon ends or restarts in order
)
EDGE = "edge"  # an edge that the deliverer of alerts has not kept yet; its key is its number
TROUBLE = "trouble"  # which troubles of one subject people were told of; its key is SOURCE:NAME
GROUP = "group"  # a group with the configuration it runs with; its key is the group's name


@plain
class ProcessRecord:
    """One process at one moment. Walls are seconds since the epoch; `alarm_at` is monotonic, as all in `Process`."""

    process: Process = field(default_factory=Process)
    spawn_id: str = ""  # of its child, or of the spawn that is under way
    start_ticks: int = (
        0  # when that child started, as the kernel counts: with the pid it names one process only
    )
    alarm: Alarm | None = None
    alarm_at: float = 0.0
    started_wall: float = 0.0
    stopped_wall: float = 0.0
    stdout_logfile: str | None = None
    stderr_logfile: str | None = None
    exit_words: str = ""
    anchors: tuple[tuple[int, int], ...] = ()  # what else its descendants are known by: pids and start ticks
    stop_sent: bool = False  # the signal that is to stop it; to many programs a second one says: at once
    health: tuple[str | int | float, ...] = ()  # see `engine.watching`
    notice: str = ""  # what the program said last of itself
    rules: str = ""  # how its rules stand, see `engine.ruling`
    schedule: str = ""  # how its schedule stands, see `engine.scheduling`

    def encode(self) -> bytes:
        """For the journal."""
        return to_json(self)


def decode_record(data: bytes) -> ProcessRecord:
    """What `encode` made, perhaps by another version. Raises SnapshotError."""
    return from_json(data, ProcessRecord)


def note_beside(process: "ManagedProcess", record: ProcessRecord) -> None:
    """Put into the record what stands beside the process: how it was watched, how its rules and its schedule stand."""
    if process.watch is not None:
        record.health, record.notice = process.watch.health_record(), process.watch.notice
    if process.ruling is not None:
        record.rules = process.ruling.record()
    if process.job is not None:
        record.schedule = process.job.record()


def restore_beside(process: "ManagedProcess", record: ProcessRecord) -> None:
    """And back."""
    if process.watch is not None:
        process.watch.restore(record.notice, record.health)
    if process.ruling is not None:
        process.ruling.restore(record.rules)
    if process.job is not None:
        process.job.restore(record.schedule)
