"""Environment files: lines to values, and mistakes by their line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.wire.envfile import Assignment, BadLineError, parse


def read(text: str, **environment: str) -> dict[str, str]:
    for assignment in parse(text):
        environment[assignment.name] = assignment.resolve(environment)
    return environment


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("# nothing\n\n", {}),
        ("A=1\nB = two words # remark\n", {"A": "1", "B": "two words"}),
        ("export A=1\r\nB=\r\n", {"A": "1", "B": ""}),
        ("A=\"x\\ny\"\nB='x\\ny'\n", {"A": "x\ny", "B": "x\\ny"}),
        ('A="first\nsecond"\nB=1', {"A": "first\nsecond", "B": "1"}),
        ("A=#1", {"A": "#1"}),
        ("\ufeffA=1", {"A": "1"}),
        ("A=äöü守", {"A": "äöü守"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=1\nB=${A}/${NONE}/${NONE:-d}$A\n", {"A": "1", "B": "1//d$A"}),
        ("B='${A}'\nexport C='${A}'\nD=\"${A}\"", {"B": "${A}", "C": "${A}", "D": ""}),
        ("'A'='${B}'", {"A": "${B}"}),
    ],
)
def test_what_is_read(text: str, expected: dict[str, str]) -> None:
    assert read(text) == expected


def test_references_find_what_is_set_already() -> None:
    assert read("PATH=/opt/bin:${PATH}\n", PATH="/bin", X="y") == {"PATH": "/opt/bin:/bin", "X": "y"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("A=1\n\n\nsecret\n", 4, "not NAME=value, or a quote is not closed"),
        ('A=1\nB="secret\n', 2, "not NAME=value, or a quote is not closed"),
        ("\r\n=secret\r\n", 2, "not NAME=value, or a quote is not closed"),
        ("A='x' secret\n", 1, "not NAME=value, or a quote is not closed"),
        ("A=1\n\nB=a\0b\n", 3, "a NUL byte"),
        ("A\0=1", 1, "a NUL byte"),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_never_shown(text: str, line: int, words: str) -> None:
    with pytest.raises(BadLineError) as error:
        read(text)
    assert (error.value.line, str(error.value)) == (line, words)


@given(st.text(alphabet=st.characters(exclude_characters="\0\\'", exclude_categories=["Cs"])))
def test_what_stands_in_single_quotes_is_kept_as_it_is(value: str) -> None:
    assert list(parse(f"A='{value}'\n")) == [Assignment("A", value, True)]
    assert read(f"A='{value}'\n") == {"A": value}


@given(st.text())
def test_any_text_is_read_or_refused_with_a_line_of_it(text: str) -> None:
    line = 1
    try:
        read(text)
    except BadLineError as error:
        line = error.line
    assert 1 <= line <= len(text) + 1
