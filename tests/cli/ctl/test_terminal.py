"""What a terminal is shown of what programs wrote."""

import io

import pytest

from vigild.cli.ctl.terminal import is_terminal, shown, shown_text


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (b"plain\ttext\r\n", b"plain\ttext\r\n"),
        (b"\x1b[1;31mred\x1b[0m", b"\x1b[1;31mred\x1b[0m"),
        ("grün €".encode(), "grün €".encode()),
        (b"\xff\xfe", b"\xff\xfe"),
        (b"\x1b[2J\x1b[H", b"^[[2J^[[H"),
        (b"\x1b]0;title\x07", b"^[]0;title^G"),
        (b"\x1bP+q\x1b\\", b"^[P+q^[\\"),
        (b"good\rbad", b"good^Mbad"),
        (b"at the end\r", b"at the end\r"),
        (b"\x00\x08\x7f", b"^@^H^?"),
        ("\x9b31m".encode(), b"\\x9b31m"),
    ],
)
def test_only_colours_and_ends_of_lines_are_obeyed(written: bytes, seen: bytes) -> None:
    assert shown(written) == seen
    assert shown_text(written.decode("utf-8", "surrogateescape")) == seen.decode("utf-8", "surrogateescape")


def test_a_file_is_no_terminal() -> None:
    closed = io.StringIO()
    assert not is_terminal(closed)
    closed.close()
    assert not is_terminal(closed)
