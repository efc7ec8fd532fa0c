from pathlib import Path

from vigild.checks.content import MAX_BYTES, NewLines


def lines(path: Path, ignored: str = "", memory: dict[str, int] | None = None) -> NewLines:
    return NewLines(str(path), "ERROR", ignored, memory or {})


def test_only_what_is_new_counts(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ERROR old\n")
    seen = lines(log)
    assert seen.read() == {"matches": 0, "unread": 0}
    with log.open("a") as file:
        file.write("fine\nERROR one\nERROR two\nERR")
    assert seen.read() == {"matches": 2, "line": "ERROR one", "unread": 0}
    with log.open("a") as file:
        file.write("OR three\n")
    assert seen.read() == {"matches": 1, "line": "ERROR three", "unread": 0}
    assert seen.read()["matches"] == 0


def test_a_line_that_was_half_written_at_the_first_look_is_seen_whole(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old\nERR")
    seen = lines(log)
    assert seen.read()["matches"] == 0
    with log.open("a") as file:
        file.write("OR\n")
    assert seen.read()["matches"] == 1


def test_ignored_lines_do_not_count(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    seen = lines(log, "harmless")
    seen.read()
    log.write_text("ERROR harmless\nERROR real\n")
    assert seen.read() == {"matches": 1, "line": "ERROR real", "unread": 0}


def test_a_file_that_was_rotated_or_emptied_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("long enough to be longer\n")
    seen = lines(log)
    seen.read()
    log.rename(tmp_path / "log.1")
    log.write_text("ERROR in the new one\n" * 2)
    assert seen.read()["matches"] == 2
    log.write_text("ERROR\n")
    assert seen.read()["matches"] == 1


def test_the_next_of_its_kind_goes_on_where_this_one_was(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ERROR old\n")
    seen = lines(log)
    seen.read()
    with log.open("a") as file:
        file.write("ERROR meanwhile\n")
    again = lines(log, memory=dict(seen.memory()))  # type: ignore[arg-type]
    assert again.read()["line"] == "ERROR meanwhile"
    assert lines(log, memory={"offset": 1}).read()["matches"] == 0


def test_of_too_much_the_last_is_read_and_the_rest_is_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    seen = lines(log)
    seen.read()
    log.write_bytes(b"ERROR first\n" + b"x" * 99 + b"\n" * MAX_BYTES + b"ERROR last\n")
    assert seen.read() == {"matches": 1, "line": "ERROR last", "unread": 12 + 99 + 11}


def test_a_line_without_end_does_not_hold_it_up(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    seen = lines(log)
    seen.read()
    log.write_bytes(b"x" * (MAX_BYTES + 10))
    seen.read()
    with log.open("ab") as file:
        file.write(b"\nERROR\n")
    assert seen.read()["matches"] == 1
