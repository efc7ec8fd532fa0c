"""Draw the states of a process from the table in `core/process.py` into docs/explanation/processes.md.

`--check` only tells whether the document is up to date (exit status 1 if not).
"""

import sys
from pathlib import Path

from vigild.core.process import LEGAL_MOVES

DOCUMENT = Path(__file__).parent.parent / "docs" / "explanation" / "processes.md"
BEGIN, END = "<!-- states: begin, made by scripts/make_state_diagram.py -->", "<!-- states: end -->"


def diagram() -> str:
    """Mermaid text, one line a move, in the order of the states' numbers."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> STOPPED"]
    for old, news in LEGAL_MOVES.items():
        lines += [f"    {old.name} --> {new.name}" for new in sorted(news)]
    return "\n".join([*lines, "```"])


def updated(text: str) -> str:
    """The document with the diagram of today's table."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{diagram()}\n{END}{after}"


def main() -> int:
    """Write, or with --check compare."""
    text = DOCUMENT.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        return int(updated(text) != text)
    DOCUMENT.write_text(updated(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
