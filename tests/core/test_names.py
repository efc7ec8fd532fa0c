import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigild.core.names import make_namespec, split_namespec


@pytest.mark.parametrize(
    ("group", "process", "expected"),
    [("web", "web", "web"), ("web", "worker", "web:worker"), ("web", "web_00", "web:web_00")],
)
def test_the_shortest_namespec_is_made(group: str, process: str, expected: str) -> None:
    assert expected == make_namespec(group, process)


@pytest.mark.parametrize(
    ("namespec", "expected"),
    [
        ("web", ("web", "web")),
        ("web:worker", ("web", "worker")),
        ("web:*", ("web", None)),
        ("web:", ("web", None)),
        ("a:b:c", ("a", "b:c")),
        ("", ("", "")),
    ],
)
def test_a_namespec_is_split_at_its_first_colon(namespec: str, expected: tuple[str, str | None]) -> None:
    assert expected == split_namespec(namespec)


_NAMES = st.text(alphabet=st.characters(exclude_characters=":*"), min_size=1)


@given(_NAMES, _NAMES)
def test_splitting_undoes_making(group: str, process: str) -> None:
    assert (group, process) == split_namespec(make_namespec(group, process))
