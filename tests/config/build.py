"""Configurations from text, and what is asked of the result again and again."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from config.corpus_support import DebianAccounts
from vigild.config.diagnostics import Diagnostic
from vigild.config.lint import lint
from vigild.config.load import Loaded, load
from vigild.config.model import Config, ProcessConfig


def write(folder: Path, text: str, name: str = "supervisord.conf") -> str:
    """A file with the text, its common indent removed."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dedent(text), encoding="utf-8")
    return str(path)


def load_file(path: str, environ: Mapping[str, str] | None = None, **machine: Any) -> Loaded:
    """Load on the machine of the corpus: Debian's accounts, user 0, a host named `box`."""
    machine.setdefault("accounts", DebianAccounts())
    machine.setdefault("host_node_name", "box")
    machine.setdefault("uid", 0)
    return load(path, environ=environ or {}, **machine)


def load_text(folder: Path, text: str, environ: Mapping[str, str] | None = None, **machine: Any) -> Loaded:
    """Load a text; `[supervisord]` is added where it is missing."""
    text = dedent(text)
    if "[supervisord]" not in text:
        text += "\n[supervisord]\n"
    return load_file(write(folder, text), environ, **machine)


def config_of(loaded: Loaded) -> Config:
    """The configuration of a load that has to have worked."""
    assert [str(item) for item in loaded.diagnostics if item.severity == "error"] == []
    assert loaded.config is not None
    return loaded.config


def processes_of(loaded: Loaded) -> list[ProcessConfig]:
    """Every process, in order."""
    return [process for group in config_of(loaded).groups for process in group.processes]


def only(loaded: Loaded, code: str) -> Diagnostic:
    """The one finding with a code."""
    found = [item for item in loaded.diagnostics if item.code == code]
    assert len(found) == 1, [str(item) for item in loaded.diagnostics]
    return found[0]


def advice(folder: Path, text: str, code: str, environ: Mapping[str, str] | None = None) -> list[Diagnostic]:
    """The findings with a code that `vigil check` has for a text."""
    environ = {"PATH": "/usr/bin:/bin"} | dict(environ or {})
    return [item for item in lint(load_text(folder, text, environ), environ=environ) if item.code == code]
