"""How schedules stood last, in a small file of the state directory: the `ScheduleStore` port."""

from collections.abc import Mapping
from functools import partial

from vigild.engine.ports import Log
from vigild.host.state_file import StateFile, schedule_path
from vigild.wire.state_documents import SCHEDULES, decode_states, encode_states


class ScheduleFile(StateFile):
    """`schedules-KEY.json` in `directory`."""

    def __init__(self, directory: str, configuration: str, identifier: str, log: Log) -> None:
        super().__init__(
            schedule_path(directory, configuration, identifier),
            log,
            lost="the next daemon will not know which runs were missed while none ran",
            unused="no run counts as missed",
        )
        self._configuration = configuration
        self._identifier = identifier

    def load(self) -> Mapping[str, object]:
        """What the file says; nothing where that is of no use."""
        return self.read(partial(decode_states, SCHEDULES)) or {}

    def save(self, states: Mapping[str, object]) -> None:
        """Write it down soon."""
        self.write(encode_states(SCHEDULES, states, self._configuration, self._identifier))
