"""What is wrong, where, and what to do about it. Reading a configuration never throws: it yields these."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from vigild.config.place import Where
from vigild.core.frozen import frozen

Severity = Literal["error", "warning", "info"]


class BadValueError(ValueError):
    """A value that a converter or an expansion refuses: the reason, and what to write instead.

    Of a value with a grammar of its own: `line` is that of the mistake, from 0, `excerpt` shows it with a caret below, and
    `others` are further mistakes in the same value.
    """

    def __init__(self, text: str, hint: str = "", code: str = "V006") -> None:
        super().__init__(text)
        self.hint = hint
        self.code = code
        self.line = 0
        self.excerpt = ""
        self.others: tuple[BadValueError, ...] = ()


@frozen
class Diagnostic:
    """One finding. `code` is stable and short; `codes.py` says what each means."""

    severity: Severity
    where: Where
    section: str | None
    option: str | None
    text: str
    hint: str = ""
    code: str = ""
    excerpt: str = ""  # the text that is meant, and below it a caret at the place

    def __str__(self) -> str:
        place = f" [{self.section}]" if self.section else ""
        option = f" {self.option}" if self.option else ""
        subject = f"{place}{option}:" if place or option else ""
        line = f"{self.where}: {self.severity}:{subject} {self.text}"
        for shown in self.excerpt.splitlines():
            line += f"\n    {shown}"
        return f"{line}\n    hint: {self.hint}" if self.hint else line


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """True when at least one finding forbids a start."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


def tally(findings: Iterable[Diagnostic]) -> dict[str, int]:
    """How many there are of each severity, under the names that documents have for them."""
    counts = Counter(finding.severity for finding in findings)
    return {"errors": counts["error"], "warnings": counts["warning"], "infos": counts["info"]}
