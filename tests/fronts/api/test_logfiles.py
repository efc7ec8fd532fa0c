"""Parts of logs: ranges, last lines, matches; and what is no log."""

import asyncio
import os
from pathlib import Path

import pytest

from vigild.fronts.api.logfiles import MAX_MATCH_CHARACTERS, WINDOW_BYTES, LogFile, search, whole_characters
from vigild.fronts.api.problems import ProblemError


def written(tmp: Path, data: bytes) -> LogFile:
    path = tmp / "log"
    path.write_bytes(data)
    return LogFile(str(path))


def test_ranges_do_not_cut_characters(tmp_path: Path) -> None:
    with written(tmp_path, "ä€😀x".encode()) as file:
        first = file.part(0, 4)
        assert ("ä", 0, 2, 10) == (first["text"], first["offset"], first["next_offset"], first["size"])
        assert "€" == file.part(2, 3)["text"]
        assert "😀x" == file.part(5, 99)["text"]
        assert "" == file.part(99, 5)["text"]
        assert "\ufffd" == file.part(1, 1)["text"]


@pytest.mark.parametrize(
    ("data", "lines", "expected"),
    [
        (b"a\nb\nc\n", 1, "c\n"),
        (b"a\nb\nc\n", 2, "b\nc\n"),
        (b"a\nb\nc", 1, "c"),
        (b"a\nb\nc\n", 9, "a\nb\nc\n"),
        (b"", 3, ""),
        (b"\n\n\n", 2, "\n\n"),
        (b"x" * 70_000 + b"\n" + b"y" * 70_000 + b"\n", 1, "y" * 70_000 + "\n"),
    ],
)
def test_last_lines(tmp_path: Path, data: bytes, lines: int, expected: str) -> None:
    with written(tmp_path, data) as file:
        assert expected.encode() == data[file.start_of_last(lines) :]


def test_searching_goes_backwards_and_goes_on(tmp_path: Path) -> None:
    lines = [f"line {number} {'ERROR' if number % 3 == 0 else 'ok'}" for number in range(10)]
    with written(tmp_path, "\n".join(lines).encode()) as file:
        found, rest = asyncio.run(search(file, "ERROR", file.size, 2, ignore_case=False))
        assert ["line 9 ERROR", "line 6 ERROR"] == [match.text for match in found]
        found, rest = asyncio.run(search(file, "error", rest, 9, ignore_case=True))
        assert (["line 3 ERROR", "line 0 ERROR"], 0) == ([match.text for match in found], rest)
        assert ([], 0) == asyncio.run(search(file, "nowhere", file.size, 9, ignore_case=False))


def test_searching_over_windows_finds_each_line_once(tmp_path: Path) -> None:
    line = b"x" * 99 + b"\n"
    count = 3 * WINDOW_BYTES // len(line)
    with written(tmp_path, line * count) as file:
        found, rest = asyncio.run(search(file, "xxx", file.size, 10**6, ignore_case=False))
        assert (count, 0) == (len(found), rest)
        assert len({match.offset for match in found}) == count
        assert {match.offset % len(line) for match in found} == {0}


def test_a_line_without_an_end_does_not_hold_anybody_up(tmp_path: Path) -> None:
    with written(tmp_path, b"y" * (3 * WINDOW_BYTES)) as file:
        found, _ = asyncio.run(search(file, "yy", file.size, 10, ignore_case=False))
        assert found
        assert all(len(match.text) <= MAX_MATCH_CHARACTERS for match in found)


def test_what_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    os.mkfifo(tmp_path / "fifo")
    for path in (str(tmp_path / "link"), str(tmp_path / "fifo"), str(tmp_path), "/dev/null", "/nope", None):
        with pytest.raises(ProblemError) as caught:
            LogFile(path)
        assert "no_file" == caught.value.code


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"", 0),
        (b"ab", 2),
        ("aä".encode()[:2], 1),
        ("€".encode()[:2], 0),
        ("😀".encode()[:3], 0),
        ("a😀".encode(), 5),
        (b"a\x80\x80\x80\x80", 5),
    ],
)
def test_where_characters_end(data: bytes, kept: int) -> None:
    assert kept == whole_characters(data)


def test_others_have_a_turn_while_a_long_log_is_looked_through(tmp_path: Path) -> None:
    turns = 0

    async def wait_for_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def both() -> None:
        other = asyncio.create_task(wait_for_turns())
        with written(tmp_path, b"x\n" * (3 * WINDOW_BYTES // 2)) as file:
            await search(file, "y", file.size, 9, ignore_case=True)
        other.cancel()

    asyncio.run(both())
    assert turns >= 3
