"""What goes when all is quiet after a start."""

import asyncio
import os
from pathlib import Path

from support.fakes import FakeLog, World, group, program
from vigild.config.model import Config, DaemonConfig
from vigild.daemon.tidying import tidy_up
from vigild.engine.forwards import Forwards
from vigild.host.runtime_dir import LEFT_NAME, NoRuntimeDir, RuntimeDir
from vigild.host.state_file import forward_spool_base, pause_path, schedule_path

NOWHERE = NoRuntimeDir("a test has none")


def config(tmp_path: Path) -> Config:
    return Config("/etc/x.conf", DaemonConfig(state_dir=str(tmp_path)))


def directory(path: Path) -> RuntimeDir:
    path.mkdir()
    return RuntimeDir(str(path), os.open(path / "lock", os.O_RDWR | os.O_CREAT))


def test_what_is_left_of_schedules_goes_where_no_program_has_one(tmp_path: Path) -> None:
    path = Path(schedule_path(str(tmp_path), "/etc/x.conf", DaemonConfig().identifier))
    without, with_one = (World(group(program("web", schedule=words))).boot() for words in ("", "0 0 1 1 *"))
    path.write_text("{}")
    asyncio.run(tidy_up(with_one.engine, config(tmp_path), NOWHERE, FakeLog(), is_monitoring=False))
    assert path.exists()
    asyncio.run(tidy_up(without.engine, config(tmp_path), NOWHERE, FakeLog(), is_monitoring=False))
    assert not path.exists()
    asyncio.run(tidy_up(without.engine, config(tmp_path), NOWHERE, FakeLog(), is_monitoring=False))


def test_pauses_are_forgotten_where_nothing_is_monitored(tmp_path: Path) -> None:
    path = Path(pause_path(str(tmp_path), "/etc/x.conf", DaemonConfig().identifier))
    engine = World(group(program("web"))).boot().engine
    path.write_text("{}")
    asyncio.run(tidy_up(engine, config(tmp_path), NOWHERE, FakeLog(), is_monitoring=True))
    assert path.exists()
    asyncio.run(tidy_up(engine, config(tmp_path), NOWHERE, FakeLog(), is_monitoring=False))
    assert not path.exists()


def test_output_that_waited_goes_where_nothing_is_forwarded(tmp_path: Path) -> None:
    base = forward_spool_base(str(tmp_path), "/etc/x.conf", DaemonConfig().identifier)
    ours, others, log = [f"{base}-1.spool", f"{base}.unreadable"], tmp_path / "forwards-0-1.spool", FakeLog()
    for path in (*ours, others):
        Path(path).write_text("1234")
    world = World(group(program("web"))).boot()
    world.engine.settings.forwards = Forwards(world.ports, world.engine.all_processes, lambda *told: None)
    asyncio.run(tidy_up(world.engine, config(tmp_path), NOWHERE, log, is_monitoring=False))
    assert all(os.path.exists(path) for path in ours)
    world.engine.settings.forwards = None
    asyncio.run(tidy_up(world.engine, config(tmp_path), NOWHERE, log, is_monitoring=False))
    assert [others] == list(tmp_path.iterdir())
    assert log.lines == ["INFO removed 8 bytes of output that waited for forwards: there are none any more"]
    asyncio.run(tidy_up(world.engine, config(tmp_path / "nowhere"), NOWHERE, log, is_monitoring=False))


def test_directories_of_dead_daemons_go_one_a_turn(tmp_path: Path) -> None:
    ours, log, engine = (
        directory(tmp_path / "00000000"),
        FakeLog(),
        World(group(program("web"))).boot().engine,
    )
    for number in range(1, 4):
        dead = directory(tmp_path / f"0000000{number}")
        os.close(dead.lock_fd)
        (tmp_path / f"0000000{number}" / LEFT_NAME).touch()
        os.utime(tmp_path / f"0000000{number}" / LEFT_NAME, (0, 0))
    seen: list[int] = []

    async def main() -> None:
        tidying = asyncio.create_task(tidy_up(engine, config(tmp_path), ours, log, is_monitoring=False))
        while not tidying.done():
            await asyncio.sleep(0)
            seen.append(len(list(tmp_path.iterdir())))

    asyncio.run(main())
    assert [3, 2, 1] == sorted(set(seen), reverse=True)
    assert log.lines == ["DEBG removed 3 runtime directories of daemons that never came back"]
    os.close(ours.lock_fd)


def test_a_directory_that_is_gone_is_no_trouble(tmp_path: Path) -> None:
    engine = World(group(program("web"))).boot().engine
    asyncio.run(
        tidy_up(
            engine,
            config(tmp_path),
            RuntimeDir(str(tmp_path / "no/such"), -1),
            log := FakeLog(),
            is_monitoring=False,
        )
    )
    assert log.lines == []
