"""ARCHITECTURE.md names what is there, and names every package that is."""

import re
import tomllib
from pathlib import Path

from support.markdown import ROOT, without_code

TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src" / "vigild"
NAMED = set(re.findall(r"`([\w./-]+(?:/|\.py))`", TEXT))


def places(name: str) -> list[Path]:
    return [PACKAGE / name, ROOT / name, ROOT / "src" / name]


def packages() -> set[str]:
    return {path.parent.relative_to(PACKAGE).as_posix() + "/" for path in PACKAGE.rglob("__init__.py")} - {
        "./"
    }


def test_everything_named_exists() -> None:
    assert [] == sorted(name for name in NAMED if not any(place.exists() for place in places(name)))


def test_every_package_is_named() -> None:
    assert set() == packages() - NAMED


def test_every_module_of_the_lower_floors_is_named() -> None:
    modules = {
        path.relative_to(PACKAGE).as_posix()
        for floor in ("core", "wire", "engine", "control", "host", "config", "daemon")
        for path in (PACKAGE / floor).glob("*.py")
        if path.stem != "__init__"
    }
    assert set() == modules - NAMED


def test_the_floors_of_the_table_are_those_that_are_enforced() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in contracts["contracts"] if contract["type"] == "layers")
    enforced = {f"{name.removeprefix('vigild.')}/" for layer in layers for name in layer.split(" | ")}
    table = set(re.findall(r"^\| \d \| `(\w+/)` \|", TEXT, re.M))
    assert enforced == table


def test_invariants_are_marked_so_that_they_can_be_found() -> None:
    assert 10 <= len(re.findall(r"^Architecture invariant: ", without_code(TEXT), re.M))
