"""What is done once, when all is quiet after a start: what others left behind goes, and what only the start needed."""

import asyncio
import os
from collections.abc import Callable

from vigild.config.model import Config
from vigild.engine.engine import Engine
from vigild.engine.ports import Log
from vigild.host.memory import give_back
from vigild.host.runtime_dir import NoRuntimeDir, RuntimeDir
from vigild.host.state_file import default_state_dir, forward_spool_base, pause_path, schedule_path


async def tidy_up(
    engine: Engine, config: Config, runtime: RuntimeDir | NoRuntimeDir, log: Log, *, is_monitoring: bool
) -> None:
    """In small turns: clients are served in between. `is_monitoring`: there is, or was, a monitor."""
    if engine.scheduling is None:
        _forget(config, schedule_path)  # if a program has one again, it has missed nothing
    if not is_monitoring:
        _forget(config, pause_path)
    if engine.settings.forwards is None:
        _forget_output(config, log)
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


def _forget(config: Config, path_of: Callable[[str, str, str], str]) -> None:
    """Nothing is left of what this file is about."""
    directory = config.daemon.state_dir or default_state_dir(os.environ, os.geteuid())
    try:
        os.unlink(path_of(directory, config.path, config.daemon.identifier))
    except OSError:
        pass


def _forget_output(config: Config, log: Log) -> None:
    """What waited for a log server that is not configured any more."""
    directory = config.daemon.state_dir or default_state_dir(os.environ, os.geteuid())
    directory, prefix = os.path.split(forward_spool_base(directory, config.path, config.daemon.identifier))
    size = 0
    try:
        for name in os.listdir(directory):
            if name.startswith(prefix) and name.endswith((".spool", ".unreadable")):
                path = os.path.join(directory, name)
                size += os.stat(path).st_size
                os.unlink(path)
    except OSError:
        pass
    if size:
        log.info(f"removed {size} bytes of output that waited for forwards: there are none any more")
