"""What the commands take, as values: nothing of the argparse tables is lost on the way."""

import pytest

from vigild.cli.grammar import FILES, PROCESSES, Grammar, flatten, grammars
from vigild.cli.main import COMMANDS


def grammar(name: str) -> Grammar:
    return next(each for each in flatten(grammars()) if each.name == name)


def test_every_command_is_there() -> None:
    assert [each.name for each in grammars()] == [command.name for command in COMMANDS]


def test_every_flag_and_argument_is_explained() -> None:
    bare = [
        (each.name, item)
        for each in flatten(grammars())
        for item in (*each.flags, *(() if each.actions else each.arguments))
        if not item.text
    ]
    assert bare == []


def test_a_command_with_actions() -> None:
    token = grammar("token")

    assert [action.word for action in token.actions] == ["create", "list", "revoke"]
    role = next(flag for flag in token.actions[0].flags if flag.names == ("--role",))
    assert role.choices == ("viewer", "operator", "admin")
    assert token.actions[1].summary == "show them, without what is secret"


@pytest.mark.parametrize(("command", "kind"), [("check", FILES), ("why", PROCESSES), ("token create", "")])
def test_what_an_argument_names(command: str, kind: str) -> None:
    assert [argument.kind for argument in grammar(command).arguments] == [kind]


def test_the_synopsis() -> None:
    assert grammar("check").synopsis == "vigil check [-c FILE] [--json] [FILE]"
    assert grammar("schedule").synopsis.endswith("[-p PASSWORD] [NAME …]")
    assert grammar("alert").synopsis == "vigil alert ACTION …"


def test_percent_signs_are_those_that_the_help_shows() -> None:
    sort = next(flag for flag in grammar("top").flags if flag.names == ("--sort",))
    assert "(CPU%)" in sort.text
