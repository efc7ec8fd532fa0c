"""Tests never sleep for a fixed time: they wait for a condition, with `support.until`.

Looks for calls of `time.sleep` and `asyncio.sleep` in tests/. Two uses are no fixed time: `asyncio.sleep(0)`,
which only lets others run, and `asyncio.sleep` in a `while CONDITION`, which is `until` for coroutines. Programs that tests run as children (`probes/`) may sleep: it is their job.

Usage: python scripts/check_sleeps.py. Exit status 1 and one line for each sleep.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES_THAT_SLEEP = ("time", "asyncio")

# path -> why it may sleep
ALLOWED: dict[str, str] = {
    "tests/support/until.py": "the one place that waits",
    "tests/host/test_streams.py": "fills pipes again and again, with a moment for the daemon in between",
    "tests/host/test_lanes.py": "watches an idle machine for a while: that nothing happens takes time to see",
}


def _is_sleep(node: ast.Call, imported: set[str]) -> bool:
    match node.func:
        case ast.Attribute(value=ast.Name(id=module), attr="sleep"):
            return module in MODULES_THAT_SLEEP
        case ast.Name(id=name):
            return name in imported
    return False


def _yields_only(node: ast.Call) -> bool:
    return len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0


def _polls(tree: ast.AST) -> set[int]:
    """Awaited calls that are a statement of a `while` with a condition, by `id`."""
    return {
        id(statement.value.value)
        for loop in ast.walk(tree)
        if isinstance(loop, ast.While) and not isinstance(loop.test, ast.Constant)
        for statement in loop.body
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Await)
    }


def sleeps(path: Path) -> Iterator[str]:
    """One line of text for each fixed sleep in one file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in MODULES_THAT_SLEEP
        for alias in node.names
        if alias.name == "sleep"
    }
    polls = _polls(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or id(node) in polls:
            continue
        if _is_sleep(node, imported) and not _yields_only(node):
            yield f"{path.relative_to(ROOT)}:{node.lineno}: a fixed sleep; wait for a condition with support.until"


def main() -> int:
    """Check every test."""
    files = sorted((ROOT / "tests").rglob("*.py"))
    complaints = [
        line
        for path in files
        if path.relative_to(ROOT).as_posix() not in ALLOWED and "probes" not in path.parts
        for line in sleeps(path)
    ]
    print("\n".join(complaints) or f"sleeps: none in {len(files)} test files")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
