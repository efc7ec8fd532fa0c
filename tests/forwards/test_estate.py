"""What a forwarder leaves is taken up by the next, once, and said."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.until import until
from vigild.core.output_lines import Block, Source
from vigild.forwards.estate import Estate
from vigild.forwards.spool import Spool, spools
from vigild.wire.forward_spool import Kept

SOURCE = Source("a", "a", "a", "stdout", 1)
X = Block(SOURCE, 1, b"x\ny", 2)


class Heir:
    """It knows the forward `f`."""

    def __init__(self, base: str) -> None:
        self.warnings: list[str] = []
        self.kept: list[Kept] = []
        self.has_left = False
        self.estate = Estate(base, self.take_up, self.warnings.append)

    def take_up(self, name: str, kept: Kept) -> bool:
        if name == "f":
            self.kept.append(kept)
        return name == "f"

    @property
    def blocks(self) -> list[bytes]:
        return [block.data for kept in self.kept for block in kept.blocks]

    def leaves(self, **waiting: list[Block]) -> bool:
        self.has_left = True
        self.estate.stop()
        return self.estate.leave(waiting)


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(tmp_path / "forwards-0")


@pytest.fixture
def heir(base: str) -> Iterator[Callable[[], Heir]]:
    made: list[Heir] = []

    def make() -> Heir:
        made.append(Heir(base))
        return made[-1]

    yield make
    for each in made:
        if not each.has_left:
            each.leaves()


def test_what_is_left_goes_from_one_to_the_next(base: str, heir: Callable[[], Heir]) -> None:
    first = heir()
    assert first.leaves(f=[X], gone=[X])
    assert [
        "forward f: 2 lines (4 bytes) were not delivered; they are kept for the next forwarder",
        "forward gone: 2 lines (4 bytes) were not delivered; they are kept for the next forwarder",
    ] == first.warnings
    second = heir()
    until(lambda: len(second.warnings) == 2)
    assert [b"x\ny"] == second.blocks
    assert [
        "forward f: 2 lines that were left from before wait again",
        "forward gone: 2 lines that were left from before are dropped: there is no such forward any more",
    ] == second.warnings
    assert second.leaves()
    assert [] == spools(base)


def test_who_lives_is_waited_for_and_nobody_else(base: str, heir: Callable[[], Heir]) -> None:
    old, dead = Spool(base), Spool(base)
    dead.write({"f": [Block(SOURCE, 1, b"dead", 1)]})
    dead.close()
    new = heir()
    until(lambda: new.blocks == [b"dead"])
    old.write({"f": [X]})
    old.close()
    until(lambda: new.blocks == [b"dead", b"x\ny"])


def test_who_ends_takes_nothing_any_more(base: str, heir: Callable[[], Heir]) -> None:
    old = Spool(base)
    middle = heir()
    middle.estate.stop()
    new = heir()
    old.write({"f": [X]})
    old.close()
    until(lambda: new.blocks == [b"x\ny"])
    assert [] == middle.blocks
    assert middle.leaves(f=[X])
    until(lambda: new.blocks == [b"x\ny", b"x\ny"])


def test_what_was_lost_is_told_on(
    base: str, heir: Callable[[], Heir], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = heir()
    monkeypatch.setattr("vigild.forwards.spool.Spool._put", lambda *_: False)
    assert first.leaves(f=[X])
    assert [
        "forward f: 2 lines (4 bytes) were not delivered; there was no room to keep 2 of them (4 bytes)"
    ] == first.warnings
    monkeypatch.undo()
    spool = Spool(base)
    from vigild.wire.forward_spool import FIRST_LINE, encode_end, encode_loss

    Path(spool.path).write_bytes(FIRST_LINE + encode_loss("f", 2, 4) + encode_end())
    spool._size = 1
    spool.close()
    second = heir()
    until(lambda: [Kept([], 2, 4)] == second.kept)
    until(lambda: second.warnings)
    assert ["forward f: 0 lines that were left from before wait again; 2 are lost"] == second.warnings


def test_what_is_damaged_is_used_up_to_there_and_set_aside(base: str, heir: Callable[[], Heir]) -> None:
    heir().leaves(f=[X])
    (path,) = spools(base)
    Path(path).write_bytes(Path(path).read_bytes()[:-3])
    second = heir()
    until(lambda: len(second.warnings) == 2)
    assert [b"x\ny"] == second.blocks
    assert f"{path} is damaged: it is cut short, at byte " in second.warnings[0]
    assert second.warnings[0].endswith(f"; the rest is lost; it is set aside as {base}.unreadable")


def test_where_nothing_can_be_kept_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    heir = Heir(str(tmp_path / "file" / "forwards-0"))
    assert [] == heir.warnings
    assert not heir.leaves(f=[X])
    (said,) = heir.warnings
    assert said.startswith(
        "forward f: 2 lines (4 bytes) were not delivered, and are lost: they cannot be kept in "
    )
    assert said.endswith("/file/forwards-0: File exists") or "Not a directory" in said


def test_a_file_that_cannot_be_read_stays_and_is_said(base: str, heir: Callable[[], Heir]) -> None:
    Path(f"{base}-1.spool").mkdir()
    first = heir()
    until(lambda: first.warnings)
    assert [f"cannot use {base}-1.spool: it is no file; what it holds is not delivered"] == first.warnings
