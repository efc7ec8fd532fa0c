"""Checks of dependencies: what is waited for and never comes, and what is asked of a program that has none."""

from collections.abc import Iterator

from vigild.config.diagnostics import Diagnostic
from vigild.config.lint_subject import Check, Program, Subject
from vigild.config.model import Autorestart, Condition, Dependency, ProcessConfig
from vigild.core.dependency import node_of


def check_dependencies(subject: Subject) -> Iterator[Diagnostic]:
    """V261: `completed` of a program that never rests, and `restart_with_dependency` without a dependency."""
    processes: dict[str, list[ProcessConfig]] = {}
    for group in subject.config.groups:
        processes[node_of(group.name)] = list(group.processes)
        for process in group.processes:
            processes[node_of(group.name, process.name)] = [process]
    for program in subject.programs:
        for process in program.processes[:1]:
            for dependency in process.depends_on:
                yield from _completion(program, dependency, processes)
            if process.restart_with_dependency and not process.depends_on:
                text = "restart_with_dependency without depends_on: there is nothing to be restarted with"
                hint = "name what it depends on in depends_on, or drop this"
                yield program.finding("warning", "V261", "restart_with_dependency", text, hint)


def _completion(
    program: Program, dependency: Dependency, processes: dict[str, list[ProcessConfig]]
) -> Iterator[Diagnostic]:
    if dependency.condition is not Condition.COMPLETED:
        return
    for target in dependency.targets:
        for process in processes.get(target, ()):
            if process.autorestart is Autorestart.ALWAYS:
                text = f"{dependency}: {process.name} has autorestart=true, so it is started again and never completes"
                hint = "set autorestart=unexpected there, or wait for running"
                yield program.finding("warning", "V261", "depends_on", text, hint)
                return


DEPENDENCY_CHECKS: tuple[Check, ...] = (check_dependencies,)
