"""Every module has tests that are meant for it.

`src/vigild/core/names.py` is tested by `tests/core/test_names.py`; a module of a sub-package,
`src/vigild/fronts/xmlrpc/front.py`, by `tests/fronts/xmlrpc/test_front.py` or `tests/fronts/test_xmlrpc_front.py`;
the shim `src/supervisor/` by `tests/shim/`. Where one idea spans modules, a test file of the same floor
that imports the module will do.

Usage: python scripts/check_partners.py. Exit status 1 and one line for each module without.
"""

import ast
import sys
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent

# module -> why it needs no test file of its own
EXCUSED: dict[str, str] = {
    "vigild/engine/child_ports.py": "as ports.py",
    "vigild/engine/ports.py": "Protocols and plain values; tests/host runs the real thing behind them",
    "vigild/control/facade.py": "Protocols only; tests/control runs what satisfies them",
    "vigild/config/model.py": "plain values; the loader's tests compare them",
}


def holds_nothing(path: Path) -> bool:
    """True where there is no statement but a docstring and imports, as in most `__init__.py`."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    passive = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign)
    return all(
        isinstance(node, passive) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in body
    )


def partners(module: PurePosixPath) -> list[PurePosixPath]:
    """Where the module's tests may be, best place first. `module` is relative to src/."""
    package, *inner = module.parts
    floor = PurePosixPath("shim", *inner) if package == "supervisor" else PurePosixPath(*inner)
    mirrored = floor.with_name(f"test_{floor.name}")
    flat = (
        PurePosixPath(floor.parts[0], "test_" + "_".join(floor.parts[1:]))
        if len(floor.parts) > 2
        else mirrored
    )
    return [PurePosixPath("tests") / mirrored, PurePosixPath("tests") / flat]


def imported_modules(floor: Path) -> set[str]:
    """Dotted names that the test files under `floor` import (`vigild.core.names`)."""
    names: set[str] = set()
    for path in floor.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def lonely_modules() -> list[str]:
    """One line of text for each module without a partner."""
    complaints = []
    imported: dict[str, set[str]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        module = PurePosixPath(path.relative_to(ROOT / "src").as_posix())
        if (
            str(module) in EXCUSED
            or path.stem == "__main__"
            or (path.stem == "__init__" and holds_nothing(path))
        ):
            continue
        places = partners(module)
        if any((ROOT / place).exists() for place in places):
            continue
        floor = places[0].parts[1]
        if floor not in imported:
            imported[floor] = imported_modules(ROOT / "tests" / floor)
        dotted = ".".join(module.with_suffix("").parts).removesuffix(".__init__")
        if dotted not in imported[floor]:
            complaints.append(f"src/{module}: no {places[0]}, and no test in tests/{floor} imports it")
    return complaints


def main() -> int:
    """Check every module under src/."""
    stale = [
        f"src/{name}: excused, but does not exist" for name in EXCUSED if not (ROOT / "src" / name).exists()
    ]
    complaints = lonely_modules() + stale
    print("\n".join(complaints) or "partners: every module has its tests")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
