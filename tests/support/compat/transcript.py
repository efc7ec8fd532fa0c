"""What was seen on one stage, in order, and how two of them differ."""

import difflib
from dataclasses import dataclass, field


@dataclass(slots=True)
class Transcript:
    """Entries of label and text. `way` names daemon and client."""

    way: str
    entries: list[tuple[str, str]] = field(default_factory=list)
    broke: BaseException | None = None

    def add(self, label: str, text: str) -> None:
        """Write one thing down."""
        self.entries.append((label, text))

    def lines(self) -> list[str]:
        """The whole as lines, for comparison and for people."""
        lines: list[str] = []
        for label, text in self.entries:
            lines.append(f"> {label}")
            lines.extend(f"  {line}" for line in text.splitlines() or [""])
        if self.broke is not None:
            lines.append(f"> the scenario broke: {type(self.broke).__name__}: {self.broke}")
        return lines

    def of(self, label: str) -> list[str]:
        """The texts written down under `label`."""
        return [text for seen, text in self.entries if seen == label]


def disagreement(expected: Transcript, got: Transcript) -> str:
    """A unified diff, empty when they agree."""
    diff = difflib.unified_diff(
        expected.lines(), got.lines(), fromfile=expected.way, tofile=got.way, lineterm="", n=4
    )
    return "\n".join(diff)
