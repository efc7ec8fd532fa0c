"""Who waits for whom, and in which waves everything starts."""

from vigild.control.facade import Facts
from vigild.core.dependency import name_of, node_of, start_waves
from vigild.engine.engine import Engine


class Graph:
    """See `control.facade.GraphControl`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def graph(self) -> Facts:
        """The waves, and each process with what it waits for, and whether that is there now."""
        edges = self._engine.dependencies.edges()
        waves = start_waves(edges)
        wave_of = {node: number for number, wave in enumerate(waves, 1) for node in wave}
        processes: list[Facts] = []
        for process in self._engine.all_processes():
            unmet = {(item.name, item.condition): item.trouble for item in process.waiting_for}
            processes.append(
                {
                    "name": process.namespec,
                    "wave": wave_of.get(node_of(process.group_name, process.config.name), 0),
                    "state": process.state.name,
                    "autostart": process.config.autostart,
                    "restart_with_dependency": process.config.restart_with_dependency,
                    "depends_on": [
                        {
                            "name": dependency.name,
                            "condition": dependency.condition.value,
                            "targets": [name_of(target) for target in dependency.targets],
                            "waited_for": (dependency.name, dependency.condition) in unmet,
                            "trouble": unmet.get((dependency.name, dependency.condition), ""),
                        }
                        for dependency in process.config.depends_on
                    ],
                }
            )
        return {"waves": [[name_of(node) for node in wave] for wave in waves], "processes": processes}
