"""The daemon's own part in the history: where it is kept, and what of the daemon's life goes in."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import vigild
from vigild.config.model import Config
from vigild.core.access import current_caller
from vigild.core.adoption import Fate
from vigild.core.history import Details, Fact, Kind
from vigild.daemon.lineage import Lineage
from vigild.engine.adoption import Adoption
from vigild.engine.ports import NO_HISTORY, History, Log
from vigild.host.state_file import default_state_dir, state_key

if TYPE_CHECKING:
    from vigild.host.store.writer import HistoryWriter

BEFORE_EXEC_SECONDS = 2.0  # clients wait meanwhile


class Annals:
    """The history of one life of the daemon. `writer` is None where nothing is kept."""

    def __init__(
        self, config: Config, loop: asyncio.AbstractEventLoop, log: Log, environ: Mapping[str, str]
    ) -> None:
        self.writer = _open(config, loop, log, environ)

    @property
    def port(self) -> History:
        """Where the engine tells its facts."""
        return self.writer if self.writer is not None else NO_HISTORY

    def on_trouble(self, tell: Callable[[str], None]) -> None:
        """Call this when the history cannot be kept (why), and when it can be again ("")."""
        if self.writer is not None:
            self.writer.on_trouble = tell

    def note(self, what: str, text: str = "", **more: object) -> None:
        """Something happened to the daemon."""
        if self.writer is None:
            return
        details: Details = {
            "what": what,
            "text": text,
            "version": vigild.__version__,
            "pid": os.getpid(),
            **more,
        }
        by = current_caller.get().words
        if by:
            details["by"] = by
        self.writer.note(Fact(time.time(), Kind.DAEMON, "", details))

    def begin(self, lineage: Lineage, adoption: Adoption, *, was_killed: bool) -> None:
        """The daemon has begun: what it comes after, and what ended while there was none."""
        if self.writer is None:
            return
        adopted = adoption.count(Fate.ADOPT, Fate.ADOPT_SPAWNED)
        if lineage.handover is not None:
            text = f"in place of Vigil {lineage.former_version}"
            self.note("upgraded", text, adopted=adopted, generation=lineage.generation)
        elif was_killed:
            self.note("started", "the daemon before this one was killed, or crashed", adopted=adopted)
        else:
            self.note("started")
        for name, outcome in adoption.outcomes.items():
            if outcome is Fate.MOURN:
                words = f"it ended while no daemon ran; {adoption.last_words(name)}"
                self.writer.note(Fact(time.time(), Kind.UNSEEN, name, {"text": words}))

    def pause(self) -> None:
        """Before an exec, which no thread outlives; the next image, or the next fact, opens it again."""
        if self.writer is not None:
            self.note("upgrading")
            self.writer.close(BEFORE_EXEC_SECONDS)

    def end(self, what: str, text: str) -> None:
        """The daemon ends."""
        if self.writer is not None:
            self.note(what, text)
            self.writer.close()


def _open(
    config: Config, loop: asyncio.AbstractEventLoop, log: Log, environ: Mapping[str, str]
) -> "HistoryWriter | None":
    daemon = config.daemon
    if not daemon.history:
        return None
    from vigild.host.store.writer import HistoryWriter

    directory = daemon.state_dir or default_state_dir(environ, os.geteuid())
    return HistoryWriter(
        loop,
        os.path.join(directory, f"history-{state_key(config.path, daemon.identifier)}.db"),
        max_bytes=daemon.history_max_bytes,
        max_seconds=daemon.history_days * 86400.0,
        log=log,
    )
