"""`depends_on` as it is written."""

import pytest

from vigild.config.accounts import Surroundings
from vigild.config.convert_dependencies import CONDITIONS, dependencies
from vigild.config.diagnostics import BadValueError
from vigild.config.model import Condition, Dependency

AROUND = Surroundings(environ={}, accounts=None, host_node_name="box", uid=0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("  ", ()),
        ("db", ("db:running",)),
        ("db:ready, migrate:completed,cache", ("db:ready", "migrate:completed", "cache:running")),
        ("db : HEALTHY", ("db:healthy",)),
        ("g:a", ("g:a:running",)),
        ("g:a:started,g:*", ("g:a:started", "g:*:running")),
        ("g:running:running", ("g:running:running",)),
        ("db,db:running,db:ready", ("db:running", "db:ready")),
    ],
)
def test_what_is_written_is_read(text: str, expected: tuple[str, ...]) -> None:
    assert tuple(map(str, dependencies(text, AROUND))) == expected


@pytest.mark.parametrize("text", ["db,", ",", "db,,cache", ":running", "db cache", "db running"])
def test_what_is_no_name_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(BadValueError) as caught:
        dependencies(text, AROUND)
    assert caught.value.hint


def test_the_words_are_those_of_the_conditions() -> None:
    assert tuple(condition.value for condition in Condition) == CONDITIONS
    assert dependencies("db", AROUND) == (Dependency("db"),)
