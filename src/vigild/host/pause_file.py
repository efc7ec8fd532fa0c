"""Which monitors somebody paused or resumed, in a small file of the state directory: the `PauseStore` port."""

from collections.abc import Mapping
from functools import partial

from vigild.engine.ports import Log
from vigild.host.state_file import StateFile, pause_path
from vigild.wire.state_documents import MONITORS, decode_states, encode_states


class PauseFile(StateFile):
    """`monitors-KEY.json` in `directory`."""

    def __init__(self, directory: str, configuration: str, identifier: str, log: Log) -> None:
        super().__init__(
            pause_path(directory, configuration, identifier),
            log,
            lost="the next daemon will not know which monitors were paused",
            unused="all monitors begin as configured, also those that somebody had paused",
        )
        self._configuration = configuration
        self._identifier = identifier

    def load(self) -> Mapping[str, bool]:
        """What the file says; nothing where that is of no use."""
        states = self.read(partial(decode_states, MONITORS)) or {}
        return {
            name: state["enabled"]
            for name, state in states.items()
            if isinstance(state, dict) and isinstance(state.get("enabled"), bool)
        }

    def save(self, enabled: Mapping[str, bool]) -> None:
        """Write it down soon."""
        states = {name: {"enabled": value} for name, value in enabled.items()}
        self.write(encode_states(MONITORS, states, self._configuration, self._identifier))
