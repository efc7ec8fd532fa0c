"""What the names in `depends_on` stand for, once all groups are known; and that nothing waits for itself."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vigild.config.convert_dependencies import CONDITIONS
from vigild.config.ini import Section
from vigild.config.model import Dependency, GroupConfig, ProcessConfig, Where
from vigild.config.options import kind_of
from vigild.config.resolve import Resolver
from vigild.config.suggest import did_you_mean, nearest
from vigild.core.dependency import ALL, Edges, edges_of, find_cycle, name_of, node_of

_PROGRAM_KINDS = frozenset({"program", "fcgi-program", "eventlistener"})


def edges_of_groups(groups: Iterable[GroupConfig]) -> Edges:
    """Who waits for whom."""
    return edges_of(
        (group.name, process.name, process.depends_on) for group in groups for process in group.processes
    )


def resolve_dependencies(resolver: Resolver, groups: Sequence[GroupConfig]) -> None:
    """Fill in the targets of every dependency. Unknown names and cycles are reported."""
    if not any(process.depends_on for group in groups for process in group.processes):
        return
    names = _Names(resolver, groups)
    sections = {section.where: section for section in resolver.document.sections.values()}
    resolved: dict[tuple[Dependency, ...], tuple[Dependency, ...]] = {}
    for group in groups:
        for process in group.processes:
            given = process.depends_on
            if given and given not in resolved:
                assert process.where is not None  # it was read from a file
                section = sections[process.where]
                resolved[given] = tuple(names.resolve(dependency, section) for dependency in given)
            process.depends_on = resolved.get(given, ())
    _refuse_cycle(resolver, groups, sections)


class _Names:
    """Every name that may stand in `depends_on`, and its nodes."""

    def __init__(self, resolver: Resolver, groups: Sequence[GroupConfig]) -> None:
        self._resolver = resolver
        self._nodes: dict[str, tuple[str, ...]] = {}
        self._short: dict[str, tuple[str, ...]] = {}  # names without a colon
        made: dict[object, list[str]] = {}
        members: dict[str, list[str]] = {}
        for group in groups:
            self._short[group.name] = self._nodes[node_of(group.name)] = (node_of(group.name),)
            members[group.name] = [node_of(group.name, process.name) for process in group.processes]
            for process, node in zip(group.processes, members[group.name], strict=True):
                self._nodes[node] = (node,)
                made.setdefault(process.where, []).append(node)
        for section in resolver.document.sections.values():
            name = section.name.partition(":")[2].strip()
            nodes = made.get(section.where, [])
            # A program in a group of its own is that group, however many processes it has.
            if kind_of(section.name) in _PROGRAM_KINDS and nodes != members.get(name):
                self._short[name] = tuple(nodes)

    def resolve(self, dependency: Dependency, section: Section) -> Dependency:
        name = dependency.name
        nodes = self._short.get(name)
        if nodes is None:
            nodes = self._nodes.get(f"{name}{ALL}" if name.endswith(":") else name)
        if nodes is None:
            self._refuse(name, section)
            return dependency
        return replace(dependency, targets=nodes)

    def _refuse(self, name: str, section: Section) -> None:
        first, _, last = name.rpartition(":")
        condition = nearest(last.lower(), CONDITIONS) if first in self._short else None
        hint = f"did you mean {first}:{condition}? " if condition else ""
        known = [*self._short, *(node for node in self._nodes if not node.endswith(f":{ALL}"))]
        hint = (hint or did_you_mean(name, known)) + (
            "a dependency is a program, a group or GROUP:PROCESS, and after a colon one of "
            + ", ".join(CONDITIONS)
        )
        text = f"there is no program, group or process {name!r}"
        self._resolver.refuse(section, "depends_on", "V016", text, hint)


def _refuse_cycle(
    resolver: Resolver, groups: Sequence[GroupConfig], sections: Mapping[Where, Section]
) -> None:
    cycle = find_cycle(edges_of_groups(groups))
    if not cycle:
        return
    where = _process_at(groups, cycle[0]).where
    assert where is not None  # it was read from a file
    section = sections[where]
    path = " -> ".join(map(name_of, cycle))
    text = f"waits for itself: {path}" if len(cycle) == 2 else f"these wait for one another: {path}"
    hint = "none of them could ever start; take one of the dependencies out"
    if len(cycle) == 2:
        hint = "name the others; a program's own name, and the name of its group, mean itself, too"
    resolver.refuse(section, "depends_on", "V017", text, hint)


def _process_at(groups: Sequence[GroupConfig], node: str) -> ProcessConfig:
    return next(
        process
        for group in groups
        for process in group.processes
        if node_of(group.name, process.name) == node
    )
