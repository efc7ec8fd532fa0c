"""Samples of what programs use, in one life of the daemon: who takes them, how often, and who keeps them."""

import asyncio
from typing import TYPE_CHECKING

from vigild.config.model import DaemonConfig
from vigild.engine.engine import Engine
from vigild.engine.ports import Sampler

if TYPE_CHECKING:
    from vigild.host.store.writer import HistoryWriter

DEFAULT = "default"


def open_sampler(loop: asyncio.AbstractEventLoop) -> Sampler:
    """Who reads what processes use. Imported when it is first needed."""
    from vigild.host.sampler import ProcSampler

    return ProcSampler(loop)


def begin_sampling(engine: Engine, config: DaemonConfig, writer: "HistoryWriter | None") -> None:
    """From now on as often as the configuration says, and into the history, if there is one."""
    sampling = engine.sampling
    if writer is not None:
        machine, note = sampling.machine, writer.note_samples
        sampling.on_pass(lambda at, samples: note(at, samples, machine.latest))
    sampling.want(DEFAULT, config.sample_interval_seconds)
