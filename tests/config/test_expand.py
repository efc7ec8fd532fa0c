import pytest

from vigild.config.diagnostics import BadValueError
from vigild.config.expand import bare_conversion, expand, expand_named, expand_twice

NAMES = {"here": "/etc", "process_num": 3, "ENV_HOME": "/root"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("%(here)s/x", "/etc/x"),
        ("%(process_num)02d", "03"),
        ("%(ENV_HOME)s", "/root"),
        ("100%%", "100%"),
    ],
)
def test_names_are_expanded(text: str, result: str) -> None:
    assert expand(text, NAMES) == result


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadValueError, match=r"cannot expand %\(heer\)s") as caught:
        expand("%(heer)s", NAMES)
    assert caught.value.hint.startswith("did you mean here? known names: here, process_num")
    assert caught.value.code == "V007"


def test_an_unset_variable_is_named() -> None:
    with pytest.raises(BadValueError, match="NOPE is not set in the daemon's environment"):
        expand("%(ENV_NOPE)s", NAMES)


@pytest.mark.parametrize(
    ("text", "place"), [("date +%H%%", "character 7"), ("50%", "character 3"), ("%(here)d", "")]
)
def test_a_lone_percent_sign_is_pointed_at(text: str, place: str) -> None:
    with pytest.raises(BadValueError, match="badly formed") as caught:
        expand(text, NAMES)
    assert place in str(caught.value)
    assert "%%" in caught.value.hint


def test_a_width_that_would_fill_the_memory_is_refused() -> None:
    assert len(expand("%(process_num)09999d", NAMES)) == 9999
    for text in ("%(here)999999999s", "%(process_num)+010000d", "%(here).10000s"):
        with pytest.raises(BadValueError, match="a width of more than 9999"):
            expand(text, NAMES)


def test_what_supervisor_expands_twice_is_expanded_twice_where_that_works() -> None:
    assert expand_twice("plain", NAMES) == "plain"
    assert expand_twice("%%(here)s", NAMES) == "/etc"
    assert expand_twice("100%%", NAMES) == "100%"


def test_conversions_without_a_name_are_seen() -> None:
    assert bare_conversion("date +%s")
    assert not bare_conversion("%(here)s %(process_num)02d 100%%")


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("if cpu > 80% for 3 cycles", "if cpu > 80% for 3 cycles"),
        ("80%% of %(here)s, 5%", "80% of /etc, 5%"),
        ("%%(here)s", "%(here)s"),
        ("80%%% (here)", "80%% (here)"),
    ],
)
def test_a_lone_percent_sign_can_be_one_of_its_own(text: str, result: str) -> None:
    assert expand_named(text, NAMES) == result


def test_names_are_checked_there_as_well() -> None:
    with pytest.raises(BadValueError, match=r"cannot expand %\(heer\)s"):
        expand_named("80% of %(heer)s", NAMES)
