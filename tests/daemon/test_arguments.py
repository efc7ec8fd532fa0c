"""The command line of supervisord, flag by flag."""

import pytest

from vigild.daemon.arguments import FLAGS, Arguments, UsageError, help_text, parse_arguments


def test_every_flag_short_and_long_means_the_same() -> None:
    for short, long, option, name, _ in FLAGS:
        value = "7" if name else ""
        by_long = parse_arguments([f"--{long}={value}" if name else f"--{long}"])
        if short:
            assert parse_arguments([f"-{short}{value}"]) == by_long
        if option:
            assert by_long.overrides == {option: value if name else True}


def test_the_file_and_the_plain_questions() -> None:
    assert parse_arguments(["-c", "f", "-n"]) == Arguments("f", {"nodaemon": True})
    assert parse_arguments(["-?"]).help
    assert parse_arguments(["-h"]).help
    assert parse_arguments(["-v"]).version
    assert parse_arguments([]) == Arguments()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["-x"], "option -x not recognized"),
        (["--nope"], "option --nope not recognized"),
        (["-c"], "option -c requires argument"),
        (["start"], "positional arguments are not supported: ['start']"),
        (["-n", "-n"], "conflicting command line option '-n'"),
        (["-c", "a", "-c", "b"], "conflicting command line option '-c'"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_arguments(arguments)
    assert str(caught.value) == text


def test_help_names_every_flag() -> None:
    text = help_text("supervisord")
    assert all(f"--{long}" in text for _, long, _, _, _ in FLAGS)
