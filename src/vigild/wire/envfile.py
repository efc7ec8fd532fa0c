"""Environment files: `NAME=value` lines in dotenv syntax, as text to values.

python-dotenv splits the lines. What it takes for a mistake and passes over, is an error here: a program that
starts without its password fails later, and less clearly. No text of a line is ever told: they hold secrets.
"""

import io
import re
from collections.abc import Iterator, Mapping

from vigild.core.frozen import frozen

_IN_SINGLE_QUOTES = re.compile(r"\s*(?:export\s+)?(?:'[^']+'|[^=#\s]+)\s*=\s*'")
_LINE_END = re.compile(r"\r\n|\n|\r")


class BadLineError(ValueError):
    """A line that sets nothing; `line` counts from 1, and the message says what is wrong with it."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line = line


@frozen
class Assignment:
    """One line. A literal value stood in single quotes: nothing in it is replaced."""

    name: str
    value: str
    is_literal: bool

    def resolve(self, environment: Mapping[str, str]) -> str:
        """The value with `${NAME}` and `${NAME:-default}` replaced by what is in `environment`."""
        if self.is_literal or "${" not in self.value:
            return self.value
        from dotenv.variables import parse_variables

        return "".join(atom.resolve(environment) for atom in parse_variables(self.value))


def parse(text: str) -> Iterator[Assignment]:
    """What each line sets, in order. Raises BadLineError at the first that is none."""
    from dotenv.parser import parse_stream  # late: few programs have such files

    for binding in parse_stream(io.StringIO(text.removeprefix("\ufeff"), newline="")):
        source = binding.original.string
        blank = source[: len(source) - len(source.lstrip())]  # blank lines before it count as part of it
        line = binding.original.line + len(_LINE_END.findall(blank))
        if binding.error or (binding.key is not None and binding.value is None):
            raise BadLineError(line, "not NAME=value, or a quote is not closed")
        if binding.key is None or binding.value is None:
            continue
        if "\0" in source:
            raise BadLineError(line, "a NUL byte")
        yield Assignment(binding.key, binding.value, _IN_SINGLE_QUOTES.match(source) is not None)
