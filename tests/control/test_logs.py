"""Reading logs by offset and length, as Supervisor counts them."""

import stat
from pathlib import Path

import pytest

from support.fakes import World, group, program
from vigild.config.model import StreamConfig
from vigild.control.logs import Logs, read_part, tail_part
from vigild.core.errors import Fault, VigilError


@pytest.fixture
def log(tmp_path: Path) -> str:
    path = tmp_path / "log"
    path.write_bytes(b"0123456789")
    return str(path)


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [(0, 0, b"0123456789"), (3, 0, b"3456789"), (3, 2, b"34"), (8, 9, b"89"), (-3, 0, b"789"), (-99, 0, b"0123456789"), (99, 0, b"")],
)  # fmt: skip
def test_read(log: str, offset: int, length: int, expected: bytes) -> None:
    assert read_part(log, offset, length) == expected


@pytest.mark.parametrize(("offset", "length"), [(-3, 2), (0, -1), (-1, -1)])
def test_read_refuses_what_has_no_meaning(log: str, offset: int, length: int) -> None:
    with pytest.raises(VigilError) as caught:
        read_part(log, offset, length)
    assert caught.value.fault is Fault.BAD_ARGUMENTS


def test_read_of_nothing(tmp_path: Path) -> None:
    for path, fault in (
        (None, Fault.NO_FILE),
        (str(tmp_path / "no"), Fault.NO_FILE),
        (str(tmp_path), Fault.FAILED),
    ):
        with pytest.raises(VigilError) as caught:
            read_part(path, 0, 0)
        assert caught.value.fault is fault


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, 0, (b"", 10, True)),
        (0, 4, (b"6789", 10, True)),
        (0, 10, (b"0123456789", 10, False)),
        (0, 99, (b"0123456789", 10, False)),
        (10, 5, (b"", 10, False)),
        (8, 5, (b"56789", 10, False)),
        (0, -1, (b"", 10, True)),
    ],
)
def test_tail(log: str, offset: int, length: int, expected: tuple[bytes, int, bool]) -> None:
    assert tail_part(log, offset, length) == expected


def test_tail_of_nothing(tmp_path: Path) -> None:
    assert tail_part(None, 0, 5) == (b"", 0, False)
    assert tail_part(str(tmp_path / "no"), 3, 5) == (b"", 0, False)
    assert tail_part(str(tmp_path), 3, 5) == (b"", 3, False)


def test_logs_of_a_process(log: str) -> None:
    config = program("web", stdout=StreamConfig(logfile=log), stderr=StreamConfig(logfile=None))
    world = World(group(config)).boot()
    logs = Logs(world.engine)
    assert logs.read("web", 0, 2, "stdout") == b"01"
    assert logs.tail("web", 0, 2, "stdout") == (b"89", 10, True)
    assert logs.tail("web", 0, 2, "stderr") == (b"", 0, False)
    assert (logs.path("web", "stdout"), logs.path("web", "stderr")) == (log, None)
    assert stat.S_ISREG(Path(log).stat().st_mode)
    with pytest.raises(VigilError):
        logs.read("web:*", 0, 0, "stdout")


def test_clearing(log: str) -> None:
    world = World(group(program("web", stdout=StreamConfig(logfile=log)))).boot()
    logs = Logs(world.engine)
    logs.clear("web")
    assert world.logs.cleared == [log, "/logs/web-stderr---x.log"]
    assert logs.clear_all() == [{"name": "web", "group": "web", "status": 80, "description": "OK"}]
    world.logs.broken = True
    with pytest.raises(VigilError) as caught:
        logs.clear("web")
    assert str(caught.value) == "FAILED: web"
    assert logs.clear_all()[0]["description"] == "FAILED: web"
