import pytest

from vigild.core.output_lines import Block, Source
from vigild.wire.forward_urls import Journald
from vigild.wire.journald import MAX_HEADS, JournalWriter, field, field_name

OUT = Source("web:web_1", "web", "web_1", "stdout", 42)
AT = 1_700_000_000_123_456_789


def test_an_entry_for_each_line() -> None:
    writer = JournalWriter(Journald("journald:", facility=3), {"team": "späti", "message": "no"})
    first, second = writer.entries(Block(OUT, AT, b"<3>bad\x00\xff\nfine", 2))
    head = (
        b"SYSLOG_IDENTIFIER=web_1\nSYSLOG_FACILITY=3\nSYSLOG_PID=42\nVIGIL_PROGRAM=web:web_1\nVIGIL_GROUP=web\n"
        b"VIGIL_STREAM=stdout\nTEAM=sp\xc3\xa4ti\nLABEL_MESSAGE=no\n"
    )
    stamp = b"VIGIL_TIMESTAMP=2023-11-14T22:13:20.123456Z\n"
    assert head + b"PRIORITY=3\n" + stamp + b"MESSAGE=bad\x00\xff\n" == first
    assert head + b"PRIORITY=6\n" + stamp + b"MESSAGE=fine\n" == second


def test_the_name_can_be_chosen_and_levels_left_alone() -> None:
    writer = JournalWriter(Journald("journald:", app_name="shop", level_prefix=False), {})
    (entry,) = writer.entries(Block(OUT, AT, b"<3>bad", 1))
    assert entry.startswith(b"SYSLOG_IDENTIFIER=shop\n")
    assert b"PRIORITY=6\n" in entry
    assert entry.endswith(b"MESSAGE=<3>bad\n")
    assert [entry] == writer.entries(Block(OUT, AT, b"<3>bad", 1))


def test_a_value_with_lines_is_written_with_its_length() -> None:
    assert b"A=b\n" == field("A", b"b")
    assert b"A\n\x03\0\0\0\0\0\0\0b\nc\n" == field("A", b"b\nc")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("team", "TEAM"),
        ("a.b-c", "A_B_C"),
        ("_pid", "PID"),
        ("priority", "LABEL_PRIORITY"),
        ("1st", "LABEL_1ST"),
        ("", "LABEL_"),
        ("x" * 99, "X" * 64),
        ("9" * 99, "LABEL_" + "9" * 58),
        ("é", "LABEL_"),
        ("syslog_identifier", "SYSLOG_IDENTIFIER"),
    ],
)
def test_labels_as_names_of_fields(label: str, expected: str) -> None:
    assert expected == field_name(label)


def test_sources_are_not_remembered_without_end() -> None:
    writer = JournalWriter(Journald("journald:"), {})
    for pid in range(1, MAX_HEADS + 10):
        writer.entries(Block(Source("a", "a", "a", "stdout", pid), AT, b"x", 1))
    assert len(writer._heads) <= MAX_HEADS
