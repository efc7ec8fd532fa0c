"""A file for what one forwarder leaves to the next: whole, locked while its owner lives, taken once."""

import os
import threading
from pathlib import Path

import pytest

from vigild.core.output_lines import Block, Source
from vigild.forwards import spool as module
from vigild.forwards.spool import Left, Spool, spools
from vigild.wire.forward_spool import FIRST_LINE, Kept, Spooled

SOURCE = Source("a", "a", "a", "stdout", 1)


def block(text: str) -> Block:
    return Block(SOURCE, 1, text.encode(), text.count("\n") + 1, 7.0)


def read(path: str) -> Spooled:
    left = Left.at(path, waits=False)
    assert left is not None
    with left:
        return left.read(7.0)


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(tmp_path / "state" / "vigil" / "forwards-0")


def test_what_is_left_is_there_for_the_next_and_for_nobody_else(base: str) -> None:
    spool = Spool(base)
    assert (0o600, 0o700) == (
        os.stat(spool.path).st_mode & 0o777,
        os.stat(os.path.dirname(base)).st_mode & 0o777,
    )
    assert [] == spool.others()
    assert {} == spool.write({"f": [block("one\ntwo"), block("three")], "g": [block("x")]})
    spool.close()
    after = Spool(base)
    assert [spool.path] == after.others()
    left = Left.at(spool.path, waits=False)
    assert left is not None
    with left:
        with pytest.raises(BlockingIOError):
            Left.at(spool.path, waits=False)
        found = left.read(7.0)
        left.remove()
    assert Spooled({"f": Kept([block("one\ntwo"), block("three")]), "g": Kept([block("x")])}) == found
    assert Left.at(spool.path, waits=True) is None
    after.close()
    assert [] == spools(base)  # nothing was left there


def test_while_its_owner_lives_it_is_waited_for(base: str) -> None:
    spool, path, found = Spool(base), "", []
    path = spool.path
    with pytest.raises(BlockingIOError):
        Left.at(path, waits=False)

    def take(number: int) -> None:
        left = Left.at(path, waits=True)
        if left is not None:
            with left:
                found.append((number, left.read(7.0)))
                left.remove()

    threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    spool.write({"f": [block("x")]})
    assert [] == found
    spool.close()
    for thread in threads:
        thread.join()
    assert [Spooled({"f": Kept([block("x")])})] == [each for _, each in found]


def test_one_that_is_killed_leaves_nothing(base: str) -> None:
    spool, other = Spool(base), Spool(base)
    os.close(other._fd)  # as the kernel does
    assert [other.path] == spool.others()
    assert Spooled() == read(other.path)
    spool.close()


def test_what_there_is_no_room_for_is_counted(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    spool = Spool(base)
    many = [block("x" * 99) for _ in range(10)]
    lost = spool.write({"f": many, "g": [block("y\nz" * 300)]})
    assert (301, 901) == lost["g"]
    lines, size = lost["f"]
    assert 0 < lines < 10
    assert 100 * lines == size
    spool.close()
    monkeypatch.undo()
    found = read(spool.path)
    assert "" == found.damage
    assert (lines, size) == (found.kept["f"].lost_lines, found.kept["f"].lost_bytes)
    assert Kept([], 301, 901) == found.kept["g"]
    assert many[lines:] == found.kept["f"].blocks


def test_a_full_disk_leaves_whole_records_and_says_what_is_lost(
    base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(base)
    write, room = os.write, 450

    def writes(fd: int, data: bytes) -> int:
        nonlocal room
        if not any(word in bytes(data) for word in (b"lost_lines", b"end", FIRST_LINE)):  # these fit
            data = data[:room]
            room -= len(data)
            if not data:
                raise OSError(28, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr(module.os, "write", writes)
    lost = spool.write({"f": [block("x" * 200), block("y" * 200), block("z" * 200)], "g": [block("small")]})
    monkeypatch.undo()
    spool.close()
    assert {"f": (2, 402), "g": (1, 6)} == lost
    assert Spooled({"f": Kept([block("x" * 200)], 2, 402), "g": Kept([], 1, 6)}) == read(spool.path)


def test_what_is_damaged_is_set_aside_once(base: str) -> None:
    for _ in range(2):
        spool = Spool(base)
        path = Path(spool.path)
        spool.close()
        path.write_bytes(b"nonsense")
        left = Left.at(str(path), waits=False)
        assert left is not None
        with left:
            assert "another kind" in left.read(7.0).damage
            assert f"{base}.unreadable" == left.set_aside()
    assert ["forwards-0.unreadable"] == os.listdir(os.path.dirname(base))


def test_only_files_of_ours_are_taken(base: str) -> None:
    spool = Spool(base)
    for name in (
        "forwards-0.unreadable",
        "forwards-1-1.spool",
        "forwards-0-x.spool",
        "forwards-0-.spool",
        "forwards-0-1.db",
    ):
        (Path(base).parent / name).touch()
    assert [] == spool.others()
    link, room = Path(f"{base}-1.spool"), Path(f"{base}-2.spool")
    link.symlink_to(spool.path)
    room.mkdir()
    assert [str(link), str(room)] == spool.others()
    for path in (link, room):
        with pytest.raises(OSError):
            Left.at(str(path), waits=False)
    spool.close()


def test_where_it_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError):
        Spool(str(tmp_path / "file" / "forwards-0"))


def test_two_at_the_same_moment_have_a_file_each(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1, 1, 2])
    monkeypatch.setattr(module.time, "time_ns", lambda: next(times))
    one, other = Spool(base), Spool(base)
    assert [other.path] == one.others()
    one.close()
    other.close()
