"""The configuration for people: what is in force, what its files would change, what is wrong with them, making it so."""

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Protocol

from vigild.config.diagnostics import tally
from vigild.config.shown import differences, shown
from vigild.control.facade import ConfigControl, Facts, ProcessControl
from vigild.control.operations import Operation, Operations
from vigild.core.errors import Fault, VigilError
from vigild.engine.engine import Engine

if TYPE_CHECKING:
    from vigild.config.diagnostics import Diagnostic
    from vigild.config.load import Loaded
    from vigild.config.model import Config, GroupConfig


class Nouns(Protocol):
    """What it needs of the other nouns."""

    @property
    def config(self) -> ConfigControl: ...
    @property
    def processes(self) -> ProcessControl: ...
    @property
    def operations(self) -> Operations: ...


class Inspection:
    """See `control.facade.InspectionControl`. `config`: what is in force, but for groups; `load` reads the files."""

    def __init__(
        self, engine: Engine, config: "Callable[[], Config]", load: "Callable[[], Loaded]", nouns: Nouns
    ) -> None:
        self._engine = engine
        self._config = config
        self._load = load
        self._nouns = nouns

    def current(self, *, reveal: bool = False) -> Facts:
        """What is in force now. Secrets are hidden unless `reveal`."""
        config = self._config()
        told: Facts = {
            field.name: shown(getattr(config, field.name), reveal=reveal)
            for field in fields(config)
            if field.name != "groups"
        }
        groups = (group.config for group in self._engine.groups.values())
        told["groups"] = [
            shown(group, reveal=reveal) for group in sorted(groups, key=lambda one: one.priority)
        ]
        return told

    def process(self, name: str, *, reveal: bool = False) -> Facts:
        """What is in force for one process. BAD_NAME."""
        from vigild.control.lookup import find_process

        told = shown(find_process(self._engine, name).config, reveal=reveal)
        assert isinstance(told, dict)
        return told

    def pending(self, *, reveal: bool = False) -> Facts:
        """What an update would do, read from the files now. Changes nothing. CANT_REREAD."""
        running = {name: group.config for name, group in self._engine.groups.items()}
        new = {group.name: group for group in self._read().groups}
        changes: list[Facts] = []
        for name, group in new.items():
            old = running.get(name)
            if old is None:
                names = [process.name for process in group.processes]
                added: list[Facts] = [{"process": one, "change": "added", "options": []} for one in names]
                changes.append({"group": name, "change": "added", "processes": added})
            elif not self._same(old, group):
                details = differences(old, group, reveal=reveal)
                changes.append({"group": name, "change": "changed", "processes": details})
        for name, old in running.items():
            if name not in new:
                gone: list[Facts] = [
                    {"process": one.name, "change": "removed", "options": []} for one in old.processes
                ]
                changes.append({"group": name, "change": "removed", "processes": gone})
        return {"changes": changes}

    @staticmethod
    def _same(old: "GroupConfig", new: "GroupConfig") -> bool:
        from vigild.config.diff import same_group

        return same_group(new, old)

    def _read(self) -> "Config":
        loaded = self._load()
        if loaded.config is None:
            errors = [str(one) for one in loaded.diagnostics if one.severity == "error"]
            raise VigilError(Fault.CANT_REREAD, "\n".join(errors[:5]))
        return loaded.config

    def check(self) -> Facts:
        """What `vigil check` says of the files as they are now."""
        import os

        from vigild.config.lint import lint

        loaded = self._load()
        findings = lint(loaded, environ=os.environ)
        return {
            "file": self._config().path,
            "files": list(loaded.files),
            **tally(findings),
            "findings": [_finding(one) for one in findings],
        }

    def update(self, groups: list[str]) -> Operation:
        """Make what the files say so, for these groups or for all. CANT_REREAD at once; the rest is an operation."""
        added, changed, removed = self._nouns.config.reload()
        known = {*added, *changed, *removed, *self._engine.groups}
        for name in groups:
            if name not in known:
                raise VigilError(Fault.BAD_NAME, name)
        wanted = [name for name in (*removed, *changed, *added) if not groups or name in groups]

        async def work(operation: Operation) -> None:
            for name in wanted:
                try:
                    await self._update_one(name, goes=name not in added, comes=name not in removed)
                except VigilError as error:
                    operation.note(name, error)
                else:
                    operation.note(name)

        return self._nouns.operations.run("update", wanted, work)

    async def _update_one(self, name: str, *, goes: bool, comes: bool) -> None:
        if goes:
            await self._nouns.processes.stop_group(name)
            self._nouns.config.remove_group(name)
        if comes:
            self._nouns.config.add_group(name)


def _finding(finding: "Diagnostic") -> Facts:
    return {
        "severity": finding.severity,
        "code": finding.code,
        "file": finding.where.file,
        "line": finding.where.line,
        "section": finding.section,
        "option": finding.option,
        "text": finding.text,
        "hint": finding.hint,
    }
