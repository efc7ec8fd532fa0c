"""Flags of the tools: one table each, from which parsing, `--help` and the reference page derive.

Own code and not `argparse`, because Superlance's tools read their flags with `getopt` and `optparse`: abbreviated
long flags, clusters of short ones, and their exit statuses are part of what people's configurations rely on.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")


class Option(NamedTuple):
    """One flag. `value` names what follows it; '' means that nothing does. `added`: not one of Superlance's."""

    long: str
    short: str
    value: str
    help: str
    added: bool = False


class Tool(NamedTuple):
    """A command's face: what `--help` and the reference page say of it."""

    name: str
    summary: str
    positional: str
    options: tuple[Option, ...]
    example: str
    events: str
    usage_status: int = 255
    """What it ends with when it is called wrongly."""


class Parsed(NamedTuple):
    """What stood on the command line: the values by long name, in order, and the rest. A repeated flag moves to the end."""

    values: dict[str, list[str]]
    positionals: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Was the flag given?"""
        return name in self.values

    def all(self, name: str) -> list[str]:
        """Every value that was given for it."""
        return self.values.get(name, [])

    def last(self, name: str, default: str = "") -> str:
        """The last value that was given for it."""
        return self.values[name][-1] if name in self.values else default


class UsageError(Exception):
    """The command line cannot be read; the text says what is wrong with it."""


HELP = Option("help", "h", "", "Print this and end.")


def parse(tool: Tool, arguments: Sequence[str]) -> Parsed:
    """Read a command line. Raises UsageError."""
    values: dict[str, list[str]] = {}
    positionals: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            positionals += rest
            break
        if word.startswith("--"):
            _long(tool, word[2:], rest, values)
        elif word.startswith("-") and word != "-":
            _short(tool, word[1:], rest, values)
        else:
            positionals.append(word)
    return Parsed(values, tuple(positionals))


def _long(tool: Tool, text: str, rest: list[str], values: dict[str, list[str]]) -> None:
    name, equals, value = text.partition("=")
    option = _named(tool, name)
    if not option.value:
        if equals:
            raise UsageError(f"--{option.long} takes no value")
    elif not equals:
        value = _following(f"--{option.long}", option, rest)
    _put(values, option, value)


def _short(tool: Tool, cluster: str, rest: list[str], values: dict[str, list[str]]) -> None:
    while cluster:
        letter, cluster = cluster[0], cluster[1:]
        option = next((one for one in tool.options if one.short == letter), None)
        if option is None:
            raise UsageError(f"no such option: -{letter}")
        value = ""
        if option.value:
            value, cluster = cluster or _following(f"-{letter}", option, rest), ""
        _put(values, option, value)


def _put(values: dict[str, list[str]], option: Option, value: str) -> None:
    values[option.long] = [*values.pop(option.long, []), value]


def _following(flag: str, option: Option, rest: list[str]) -> str:
    if not rest:
        raise UsageError(f"{flag} needs a value: {option.value}")
    return rest.pop(0)


def _named(tool: Tool, name: str) -> Option:
    for option in tool.options:
        if option.long == name:
            return option
    # Superlance's flags first, so that what was a clear abbreviation there stays one.
    for pool in ([one for one in tool.options if not one.added], tool.options):
        found = [one for one in pool if name and one.long.startswith(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"--{name} could be {', '.join(f'--{one.long}' for one in found)}")
    raise UsageError(f"no such option: --{name}")


def help_text(tool: Tool) -> str:
    """What `--help` prints."""
    lines = [f"{tool.name} [options]{' ' + tool.positional if tool.positional else ''}", "", tool.summary, ""]
    for option in tool.options:
        flags = ", ".join(spelling(option))
        lines += [f"  {flags}", f"      {option.help}"]
    return "\n".join((*lines, "", "As an event listener:", "", tool.example, ""))


def spelling(option: Option) -> list[str]:
    """The ways to write a flag, with what follows it."""
    tail = f" {option.value}" if option.value else ""
    short = [f"-{option.short}{tail}"] if option.short else []
    return [*short, f"--{option.long}{'=' + option.value if option.value else ''}"]


def converted(flag: str, text: str, convert: Callable[[str], T], wanted: str) -> T:
    """A value, or a UsageError that says what would have been one."""
    try:
        return convert(text)
    except ValueError:
        raise UsageError(f"{flag}: {text!r} is no {wanted}") from None
