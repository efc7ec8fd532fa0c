"""What is done once, when all is quiet after a start: what others left behind goes, and what only the start needed."""

import asyncio
import os

from vigild.config.model import Config
from vigild.engine.engine import Engine
from vigild.engine.ports import Log
from vigild.host.memory import give_back
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir
from vigild.host.state_file import default_state_dir, schedule_path


async def tidy_up(engine: Engine, config: Config, runtime: RuntimeDir | NoRuntimeDir, log: Log) -> None:
    """In small turns: clients are served in between."""
    if engine.scheduling is None:
        _forget_schedules(config)
    if isinstance(runtime, RuntimeDir):
        await _sweep(runtime, log)
    give_back()  # last: reading what others left behind can take much


async def _sweep(runtime: RuntimeDir, log: Log) -> None:
    swept = 0
    try:
        for is_gone in runtime.sweep_siblings():
            swept += is_gone
            await asyncio.sleep(0)
    except OSError:
        return
    if swept:
        log.debug(f"removed {swept} runtime directories of daemons that never came back")


def _forget_schedules(config: Config) -> None:
    """No program has one any more: if one has again, it has missed nothing."""
    directory = config.daemon.state_dir or default_state_dir(os.environ, os.geteuid())
    try:
        os.unlink(schedule_path(directory, config.path, config.daemon.identifier))
    except OSError:
        pass
