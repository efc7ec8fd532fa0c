"""The scripts behind `make check` find what they are for, and find nothing in the project as it is."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from support.markdown import ROOT


def script(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A script of scripts/ as a module, set on a project of our own."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", root)
    return module


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["check_sizes", "check_partners", "check_sleeps"])
def test_the_project_is_in_order(name: str) -> None:
    command = (sys.executable, ROOT / "scripts" / f"{name}.py")
    result = subprocess.run(command, capture_output=True, text=True)
    assert (0, "") == (result.returncode, result.stderr), result.stdout


def test_long_modules_and_functions_are_found(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = script("check_sizes", short_tmp, monkeypatch)
    body = "    pass\n" * 45
    core = write(short_tmp, "src/vigild/core/long.py", f"def f():\n{body}")
    other = write(short_tmp, "src/vigild/host/long.py", f"def f():\n{body}" + "x = 1\n" * 600)
    assert ["src/vigild/core/long.py:1: f has 46 lines (limit 40)"] == list(check.too_long(core))
    assert ["src/vigild/host/long.py: 646 lines; split it by idea (limit 600)"] == list(check.too_long(other))


def test_a_module_without_tests_is_found(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = script("check_partners", short_tmp, monkeypatch)
    for name in ("vigild/core/names.py", "vigild/fronts/xmlrpc/table.py", "supervisor/states.py"):
        write(short_tmp, f"src/{name}", "def f(): ...\n")
    write(short_tmp, "src/vigild/core/__init__.py", '"""Decisions."""\n')
    assert [
        "src/supervisor/states.py: no tests/shim/test_states.py, and no test in tests/shim imports it",
        "src/vigild/core/names.py: no tests/core/test_names.py, and no test in tests/core imports it",
        "src/vigild/fronts/xmlrpc/table.py: no tests/fronts/xmlrpc/test_table.py, and no test in tests/fronts imports it",
    ] == check.lonely_modules()
    write(short_tmp, "tests/shim/test_states.py", "")
    write(short_tmp, "tests/core/test_names.py", "")
    write(short_tmp, "tests/fronts/test_calls.py", "from vigild.fronts.xmlrpc.table import f\n")
    assert [] == check.lonely_modules()


def test_fixed_sleeps_are_found(short_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = script("check_sleeps", short_tmp, monkeypatch)
    lines = (
        "import asyncio, time",
        "from time import sleep as nap",
        "time.sleep(1)",
        "nap(seconds)",
        "async def f():",
        "    await asyncio.sleep(0)",
        "    await asyncio.sleep(0.1)",
        "queue.sleep(3)",
        "async def g():",
        "    while not ready:",
        "        await asyncio.sleep(0.01)",
        "    while True:",
        "        await asyncio.sleep(0.01)",
    )
    path = write(short_tmp, "tests/test_x.py", "\n".join(lines))
    found = [int(line.split(":")[1]) for line in check.sleeps(path)]
    assert [3, 4, 7, 13] == sorted(found)
