"""What every command of `vigil` takes, as plain values: read from the argparse tables that the commands run with.

Completion, man pages and the reference page are made from it, so that none of them can say what is not so.
"""

import argparse
from collections.abc import Sequence
from importlib import import_module

from vigild.cli.main import COMMANDS
from vigild.core.frozen import frozen

FILES = "files"
PROCESSES, GROUPS, ALERTS, FORWARDS, MONITORS, TOKENS = NAME_KINDS = (
    "processes",
    "groups",
    "alerts",
    "forwards",
    "monitors",
    "tokens",
)
_KINDS = {
    "history": PROCESSES,
    "why": PROCESSES,
    "status": PROCESSES,
    "logs": PROCESSES,
    "schedule": PROCESSES,
    "alert test": ALERTS,
    "forward test": FORWARDS,
    "monitors": MONITORS,
}


@frozen
class Flag:
    """An option; `value` is what its value is called, empty where it takes none."""

    names: tuple[str, ...]
    value: str
    choices: tuple[str, ...]
    text: str

    @property
    def takes_file(self) -> bool:
        """Is the value the path of a file?"""
        return self.value in ("FILE", "PATH")


@frozen
class Argument:
    """A word without a dash. `kind`: FILES, one of NAME_KINDS (what the daemon knows by name), or nothing."""

    name: str
    usage: str
    choices: tuple[str, ...]
    kind: str
    text: str


@frozen
class Grammar:
    """A command, or an action of one. `name` is all its words after `vigil`."""

    name: str
    summary: str
    description: str
    exits: str
    flags: tuple[Flag, ...]
    arguments: tuple[Argument, ...]
    actions: tuple["Grammar", ...]

    @property
    def word(self) -> str:
        """The last word of its name."""
        return self.name.rpartition(" ")[2]

    @property
    def synopsis(self) -> str:
        """How it is called, on one line."""
        shown = () if self.actions else self.flags  # which may stand after the action, too
        flags = [f"[{flag.names[0]}{' ' if flag.value else ''}{flag.value}]" for flag in shown]
        words = ["ACTION …"] if self.actions else [argument.usage for argument in self.arguments]
        return " ".join(["vigil", self.name, *flags, *words])


def grammars() -> tuple[Grammar, ...]:
    """Every command, in the order of `vigil help`."""
    return tuple(
        _grammar(command.name, command.summary, import_module(command.module).build_parser())
        for command in COMMANDS
    )


def flatten(found: Sequence[Grammar]) -> list[Grammar]:
    """The commands, each followed by its actions."""
    return [each for grammar in found for each in (grammar, *grammar.actions)]


def _grammar(name: str, summary: str, parser: argparse.ArgumentParser) -> Grammar:
    flags: list[Flag] = []
    arguments: list[Argument] = []
    actions: list[Grammar] = []
    for action in parser._actions:
        if isinstance(action.choices, dict):  # the actions of a command
            texts = {each.dest: each.help or "" for each in action._get_subactions()}  # type: ignore[attr-defined]
            actions += [
                _grammar(f"{name} {word}", texts[word], inner) for word, inner in action.choices.items()
            ]
        elif not action.option_strings:
            arguments.append(_argument(name, parser, action))
        elif action.dest != "help":
            flags.append(_flag(parser, action))
    description, exits = parser.description or "", parser.epilog or ""
    return Grammar(name, summary, description, exits, tuple(flags), tuple(arguments), tuple(actions))


def _flag(parser: argparse.ArgumentParser, action: argparse.Action) -> Flag:
    choices = tuple(str(choice) for choice in action.choices or ())
    value = "" if action.nargs == 0 else _name(action, "|".join(choices) or action.dest.upper())
    return Flag(tuple(action.option_strings), value, choices, _text(parser, action))


def _argument(command: str, parser: argparse.ArgumentParser, action: argparse.Action) -> Argument:
    choices = tuple(str(choice) for choice in action.choices or ())
    name = _name(action, "|".join(choices) or action.dest.upper())
    usage = {"?": f"[{name}]", "*": f"[{name} …]", "+": f"{name} …"}.get(str(action.nargs), name)
    kind = ""
    if name in ("FILE", "PATH", "DIRECTORY"):
        kind = FILES
    elif name == "NAME":
        kind = _KINDS.get(command, "")
    elif name == "ID":
        kind = TOKENS
    return Argument(name, usage, choices, kind, _text(parser, action))


def _name(action: argparse.Action, default: str) -> str:
    return action.metavar if isinstance(action.metavar, str) else default


def _text(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    return argparse.HelpFormatter(parser.prog)._expand_help(action) if action.help else ""
