"""Modules and functions keep to a size that fits in a head (STYLE: hard stops 600 and 70 lines).

Usage: python scripts/check_sizes.py. Exit status 1 and one line for each that is too long.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES = 600
FUNCTION_LINES = 70
CORE_FUNCTION_LINES = 40

# path -> why it may be longer
ALLOWED: dict[str, str] = {}


def too_long(path: Path) -> Iterator[str]:
    """One line of text for each excess in one file."""
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > MODULE_LINES and name not in ALLOWED:
        yield f"{name}: {lines} lines; split it by idea (limit {MODULE_LINES})"
    limit = CORE_FUNCTION_LINES if name.startswith("src/vigild/core/") else FUNCTION_LINES
    for node in ast.walk(ast.parse(text, name)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            length = node.end_lineno - node.lineno + 1
            if length > limit:
                yield f"{name}:{node.lineno}: {node.name} has {length} lines (limit {limit})"


def main() -> int:
    """Check src/, tests/, scripts/, benchmarks/ and examples/."""
    roots = ("src", "tests", "scripts", "benchmarks", "examples")
    files = sorted(path for root in roots for path in (ROOT / root).rglob("*.py"))
    complaints = [line for path in files for line in too_long(path)]
    stale = [
        f"{name}: allowed to be long, but does not exist" for name in ALLOWED if not (ROOT / name).exists()
    ]
    print("\n".join(complaints + stale) or f"sizes: {len(files)} files in order")
    return 1 if complaints or stale else 0


if __name__ == "__main__":
    sys.exit(main())
