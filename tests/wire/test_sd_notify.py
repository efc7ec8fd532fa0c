"""Messages to and from a service manager."""

from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.sd_notify import (
    MAX_FD_NAME_BYTES,
    MAX_MESSAGE_BYTES,
    decode_fd_name,
    encode,
    encode_fd_name,
    parse,
)

NAMES = st.text(st.characters(min_codepoint=65, max_codepoint=90), min_size=1, max_size=10)
VALUES = st.text(st.characters(exclude_characters="\n\0", exclude_categories=["Cs"]), max_size=40)


def test_assignments_are_lines() -> None:
    assert encode({"READY": "1", "STATUS": "all is well"}) == b"READY=1\nSTATUS=all is well"
    assert encode([("FDSTORE", "1"), ("FDNAME", "a")]) == b"FDSTORE=1\nFDNAME=a"


def test_a_value_cannot_smuggle_in_an_assignment() -> None:
    assert encode({"STATUS": "one\nREADY=1\0"}) == b"STATUS=one READY=1 "


@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_was_encoded_is_parsed(assignments: dict[str, str]) -> None:
    assert parse(encode(assignments)) == assignments


@given(st.binary(max_size=200))
def test_parsing_is_total(data: bytes) -> None:
    assert all("\n" not in name + value for name, value in parse(data).items())


def test_what_is_nonsense_is_ignored_and_the_last_word_counts() -> None:
    assert parse(b"READY=1\nnonsense\n=x\nSTATUS=a=b\nSTATUS=c\n\0") == {"READY": "1", "STATUS": "c"}
    assert parse(b"READY=1\0\n") == {}, "a NUL within"
    assert parse(b"") == {}
    assert parse(b"A=" + b"x" * (MAX_MESSAGE_BYTES - 2)) != {}
    assert parse(b"A=" + b"x" * (MAX_MESSAGE_BYTES - 1)) == {}, "too long"
    assert parse(b"A=\xff") == {"A": "\udcff"}


@given(st.binary(min_size=1, max_size=64))
def test_any_name_of_a_file_can_be_the_name_of_a_descriptor(data: bytes) -> None:
    name = data.decode("utf-8", "surrogateescape")
    encoded = encode_fd_name(name)
    assert encoded is not None
    assert encoded.isascii()
    assert encoded.isprintable()
    assert ":" not in encoded
    assert decode_fd_name(encoded) == name


def test_names_stay_readable() -> None:
    assert encode_fd_name("fifo.web-12.out") == "fifo.web-12.out"
    assert encode_fd_name("a:b c") == "a%3Ab%20c"


def test_names_that_cannot_be() -> None:
    assert encode_fd_name("") is None
    assert encode_fd_name("x" * MAX_FD_NAME_BYTES) == "x" * MAX_FD_NAME_BYTES
    assert encode_fd_name("x" * (MAX_FD_NAME_BYTES + 1)) is None


def test_somebody_elses_names_are_left_as_they_are() -> None:
    assert decode_fd_name("50%") == "50%"
    assert decode_fd_name("%zz%-1%+1%2") == "%zz%-1%+1%2"
    assert decode_fd_name("é%41") == "éA"
