"""Late imports: a daemon that gives up root has made all of them before."""

import ast
import subprocess
import sys
from pathlib import Path

import vigild


def late_imports(path: Path) -> set[str]:
    """Modules that functions of a file import when they run."""
    found: set[str] = set()
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom) and node.module:
                    found.add(node.module)
                elif isinstance(node, ast.Import):
                    found |= {alias.name for alias in node.names}
    return found


def test_a_daemon_that_gives_up_root_imports_nothing_afterwards() -> None:
    floors = ("core", "wire", "config", "engine", "control", "host", "fronts", "daemon")
    source = Path(vigild.__file__).parent
    lints = {
        "lint",
        "lint_alerts",
        "lint_limits",
        "lint_logs",
        "lint_programs",
        "lint_servers",
        "lint_listeners",
        "option_docs",
        "codes",
        "http_client",  # the workers', which are processes of their own
    }
    files = [file for floor in floors for file in (source / floor).rglob("*.py") if file.stem not in lints]
    late = set().union(*map(late_imports, files)) - {"vigild.daemon.precheck"}  # which never becomes a daemon
    assert "resource" in late, "the search is wrong"
    code = (
        "import sys, vigild.daemon.main, vigild.daemon.late_modules; vigild.daemon.late_modules.import_late_modules();"
        f"print(sorted(set({sorted(late)!r}) - sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
