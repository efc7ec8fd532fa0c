"""The reader against Python's own configparser, set as Supervisor sets it, and what goes beyond it."""

import configparser
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.config.ini import Document, comment_start, read_bytes, read_text

pieces = st.sampled_from(
    ["[a]", "[b]", "[DEFAULT]", "[]", "[x] y]", "k", "K", "key", "=", ":", " = ", "v", "w x", ";", " ;", "#", " #", "; c",
     "\t", " ", "  ", "\n", "\n", "\n", "\n ", "\n  ", '"', "%", "é", "\x0b", "\u2028", "\u00a0", "\x1c"]
)  # fmt: skip


def as_python_reads(text: str) -> dict[str, dict[str, str]] | None:
    """Sections with their options, [DEFAULT] underneath; None where it is refused."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return {name: dict(parser.items(name)) for name in parser.sections()}


def as_we_read(text: str) -> dict[str, dict[str, str]] | None:
    document = read_text(text, "f")
    if document.diagnostics:
        return None
    return {
        name: {key: entry.text for key, entry in (document.defaults | section.entries).items()}
        for name, section in document.sections.items()
    }


@pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="later Pythons look for comment signs in another order"
)
@given(st.lists(pieces, max_size=40).map(lambda parts: "[s]\n" + "".join(parts)))
def test_any_text_reads_as_supervisors_parser_reads_it(text: str) -> None:
    assert as_we_read(text) == as_python_reads(text)


@given(st.text())
def test_no_text_makes_the_reader_raise(text: str) -> None:
    assert isinstance(read_text(text, "f"), Document)


@given(st.binary())
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    assert isinstance(read_bytes(data, "f"), Document)


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ("command=app:app; comment", None),
        ("command=x ; comment", 10),
        ('command=sh -c "a ; b"', 17),
        ("  # all of it", 0),
        ("; all of it", 0),
        ("a=b;c ;d #e", 9),  # the first round finds only the # after a blank
        ("a=b;c;d ;e", 8),
        ("a=b#c", None),
        ("plain", None),
    ],
)
def test_where_a_comment_starts(line: str, start: int | None) -> None:
    assert comment_start(line) == start


def test_entries_know_their_line_and_what_cut_them() -> None:
    document = read_text("[a]\n\nk = v ; why\nl = 1\n   2 # no\n", "f")

    section = document.sections["a"]
    assert str(section.where) == "f:1"
    assert str(section.entries["k"].where) == "f:3"
    assert section.entries["k"].cut == "; why"
    assert section.entries["l"].text == "1\n2"
    assert section.entries["l"].cut == "# no"


def test_continuation_lines_keep_their_line_feeds_and_blank_lines() -> None:
    document = read_text("[a]\nk=1\n  2\n\n; gone\n  3\n\n[b]\n", "f")

    assert document.sections["a"].entries["k"].text == "1\n2\n\n3"


def test_a_byte_order_mark_and_windows_line_ends_are_skipped() -> None:
    document = read_bytes(b"\xef\xbb\xbf[a]\r\nk=1\r\nl=2\rm=3", "f")

    assert document.diagnostics == []
    assert [entry.text for entry in document.sections["a"].entries.values()] == ["1", "2", "3"]


def test_bytes_that_are_not_utf8_are_kept_and_told_of() -> None:
    document = read_bytes(b"[a]\nk=caf\xe9\n", "f")

    assert document.sections["a"].entries["k"].text.encode("utf-8", "surrogateescape") == b"caf\xe9"
    assert [str(item.where) for item in document.diagnostics] == ["f:2"]
    assert document.diagnostics[0].severity == "warning"


def test_sections_keep_their_case_and_options_do_not() -> None:
    document = read_text("[Program:X]\nCOMMAND=y\n", "f")

    assert list(document.sections) == ["Program:X"]
    assert list(document.sections["Program:X"].entries) == ["command"]


def test_every_bad_line_is_reported_with_its_place() -> None:
    document = read_text("junk\nmore\n[a]\nnonsense\n{% if x %}\n=v\n[open\n", "f")

    told = [(item.where.line, item.code) for item in document.diagnostics]
    assert told == [(1, "V003"), (4, "V002"), (5, "V002"), (6, "V002"), (7, "V002")]
    assert "template" in document.diagnostics[2].hint
    assert "ends with ]" in document.diagnostics[4].hint


def test_what_is_given_twice_is_remembered_with_both_places() -> None:
    document = read_text("[a]\nk=1\nk=2\n[a]\nk=3\n", "f")

    found = [(item.option, item.first.line, item.second.line) for item in document.duplicates]
    assert found == [("k", 2, 3), (None, 1, 4)]
    assert document.sections["a"].entries["k"].text == "3"


def test_only_environment_lines_of_one_block_are_kept_for_merging() -> None:
    document = read_text("[a]\nenvironment=A=1\nenvironment=B=2\n[a]\nenvironment=C=3\n", "f")

    assert document.sections["a"].entries["environment"].earlier is None

    earlier = (
        read_text("[a]\nenvironment=A=1\nenvironment=B=2\n", "f").sections["a"].entries["environment"].earlier
    )
    assert earlier is not None
    assert earlier.text == "A=1"


def test_merging_lets_the_included_file_win() -> None:
    document = read_text("[a]\nk=1\nl=1\n[DEFAULT]\nd=1\n", "f")
    document.merge(read_text("[a]\nk=2\n[b]\nx=1\n[DEFAULT]\nd=2\n", "g"))

    assert {key: entry.text for key, entry in document.sections["a"].entries.items()} == {"k": "2", "l": "1"}
    assert document.defaults["d"].text == "2"
    assert [str(item.second) for item in document.duplicates] == ["g:1"]
    assert "b" in document.sections


def test_text_is_replaced_in_earlier_environment_lines_too() -> None:
    document = read_text("[a]\nenvironment=A=HERE\nenvironment=B=HERE\nk=no\n", "f")
    document.replace_in_values("HERE", "/x")

    entry = document.sections["a"].entries["environment"]
    assert entry.text == "B=/x"
    assert entry.earlier is not None
    assert entry.earlier.text == "A=/x"


def test_a_nul_byte_in_a_value_is_refused_with_its_place() -> None:
    document = read_text("[a]\nk=1\nl=\0\n; \0\n", "f")

    assert [(item.where.line, item.option, item.code) for item in document.diagnostics] == [(3, "l", "V002")]
