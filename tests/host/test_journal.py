"""The journal on a real file: nothing is lost between any two steps, and it does not grow for ever."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.fakes import FakeLog
from vigild.host.journal import COMPACT_FROM_BYTES, Journal, MemoryJournal, open_journal, read_journal
from vigild.wire.journal import Entries


@pytest.fixture
def open_it() -> Iterator[Callable[..., Journal]]:
    opened: list[Journal] = []

    def open_one(directory: Path, entries: Entries | None = None, log: FakeLog | None = None) -> Journal:
        opened.append(open_journal(str(directory), entries or {}, log or FakeLog()))
        return opened[-1]

    yield open_one
    for journal in opened:
        journal.close()


Opener = Callable[..., Journal]


def test_what_was_put_is_there_for_the_next_one(tmp_path: Path, open_it: Opener) -> None:
    journal = open_it(tmp_path)
    journal.put("process", "a", b"1")
    journal.put("process", "b", b"2")
    journal.drop("process", "a")
    journal.put("process", "c", b"3")
    assert ({"process": {"b": b"2", "c": b"3"}}, 0) == read_journal(str(tmp_path))


def test_a_new_one_begins_with_what_it_is_given_and_leaves_no_torn_record(
    tmp_path: Path, open_it: Opener
) -> None:
    (tmp_path / "journal").write_bytes(b"+process 1 1\na\nb\n+process 1 100\na\nto")
    entries, rest = read_journal(str(tmp_path))
    assert rest > 0
    journal = open_it(tmp_path, entries)
    journal.put("process", "z", b"9")
    assert ({"process": {"a": b"b", "z": b"9"}}, 0) == read_journal(str(tmp_path))


def test_there_is_none_where_none_was_left(tmp_path: Path) -> None:
    assert ({}, 0) == read_journal(str(tmp_path))


def test_several_changes_are_one_write_in_their_order(
    tmp_path: Path, open_it: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_it(tmp_path)
    journal.put("event", "a", b"1")
    written: list[bytes] = []
    append = journal.append
    monkeypatch.setattr(journal, "append", lambda record: (written.append(record), append(record)))
    journal.put_all(
        {("event", "a"): None, ("event", "b"): b"2", ("listener", "x"): b"b", ("event", "z"): None}
    )
    journal.put_all({("event", "b"): b"2"})
    assert written == [b"-event 1 0\na\n\n+event 1 1\nb\n2\n+listener 1 1\nx\nb\n"]
    assert ({"event": {"b": b"2"}, "listener": {"x": b"b"}}, 0) == read_journal(str(tmp_path))


def test_the_same_value_is_not_written_twice(tmp_path: Path, open_it: Opener) -> None:
    journal = open_it(tmp_path)
    journal.put("process", "a", b"1")
    size = os.path.getsize(tmp_path / "journal")
    journal.put("process", "a", b"1")
    journal.drop("process", "never there")
    assert size == os.path.getsize(tmp_path / "journal")


def test_history_is_thrown_away_when_there_is_too_much_of_it(tmp_path: Path, open_it: Opener) -> None:
    journal = open_it(tmp_path)
    journal.put("group", "kept", b"k")
    for number in range(3 * COMPACT_FROM_BYTES // 1000):
        journal.put("process", "a", b"%1000d" % number)
        assert os.path.getsize(tmp_path / "journal") <= COMPACT_FROM_BYTES + 2000
    assert b"k" == read_journal(str(tmp_path))[0]["group"]["kept"]
    assert b"%1000d" % number == read_journal(str(tmp_path))[0]["process"]["a"]


@contextmanager
def room_for(count: int) -> Iterator[None]:
    """No file may become longer than so many bytes, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_where_it_cannot_be_written_it_says_so_once_and_catches_up_later(
    tmp_path: Path, open_it: Opener
) -> None:
    log = FakeLog()
    journal = open_it(tmp_path, {}, log)
    journal.put("process", "z", b"0")
    with room_for(os.path.getsize(tmp_path / "journal")):
        journal.put("process", "a", b"1")
        journal.put("process", "b", b"2")
    assert 2 == journal.failures
    assert 1 == len([line for line in log.lines if "cannot write" in line])
    journal.put("process", "c", b"3")
    assert ({"process": {"z": b"0", "a": b"1", "b": b"2", "c": b"3"}}, 0) == read_journal(str(tmp_path))


def test_half_a_record_is_taken_back_and_a_failed_copy_takes_no_room(tmp_path: Path, open_it: Opener) -> None:
    journal = open_it(tmp_path)
    journal.put("process", "a", b"old")
    journal.put("process", "a", b"1" * 100)
    with room_for(os.path.getsize(tmp_path / "journal") + 10):
        journal.put("process", "b", b"2" * 100)
        assert ({"process": {"a": b"1" * 100}}, 0) == read_journal(str(tmp_path))
        assert ["journal"] == os.listdir(tmp_path)
    journal.drop("process", "b")  # what is written next is written behind nothing torn
    journal.put("process", "c", b"3")
    assert ({"process": {"a": b"1" * 100, "c": b"3"}}, 0) == read_journal(str(tmp_path))


def test_without_its_directory_the_daemon_goes_on(tmp_path: Path, open_it: Opener) -> None:
    log = FakeLog()
    journal = open_it(tmp_path / "gone", {}, log)
    journal.put("process", "a", b"1")
    assert journal.failures
    assert any("CRIT" in line for line in log.lines)


def test_removed_means_nothing_to_adopt(tmp_path: Path, open_it: Opener) -> None:
    journal = open_it(tmp_path)
    journal.put("process", "a", b"1")
    journal.remove()
    journal.remove()
    assert ({}, 0) == read_journal(str(tmp_path))


def test_closed_it_stays(tmp_path: Path, open_it: Opener) -> None:
    journal = open_it(tmp_path)
    journal.put("process", "a", b"1")
    journal.close()
    assert b"1" == read_journal(str(tmp_path))[0]["process"]["a"]


def test_in_memory_it_keeps_what_an_upgrade_hands_over() -> None:
    journal = MemoryJournal()
    journal.put("process", "a", b"1")
    journal.put("process", "b", b"2")
    journal.drop("process", "b")
    journal.close()
    assert {"process": {"a": b"1"}} == journal.entries
    journal.remove()
    assert {} == journal.entries


def test_who_asked_hears_when_it_cannot_be_written_and_when_it_can_be_again(
    tmp_path: Path, open_it: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = open_it(tmp_path)
    heard: list[str] = []

    def hear(trouble: str) -> None:
        heard.append(trouble)
        journal.put("edge", str(len(heard)), b"told of it")  # which must not go round and round

    journal.on_trouble = hear

    def full(*arguments: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        journal.put("process", "a", b"1")
        journal.put("process", "b", b"2")
    assert heard == [f"{tmp_path}/journal: No space left on device"]
    journal.put("process", "c", b"3")
    assert heard[1:] == [""]
    entries, unread = read_journal(str(tmp_path))
    assert (sorted(entries["process"]), sorted(entries["edge"]), unread) == (["a", "b", "c"], ["1", "2"], 0)
