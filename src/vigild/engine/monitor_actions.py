"""What rules of monitors have done: to programs of Vigil, by name, or by commands to what Vigil did not start."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from vigild.core.access import Caller, Role, current_caller
from vigild.core.orders import Renew, Start, Stop
from vigild.core.probe import Probe, Scheme
from vigild.core.rules import Act, Rule, Verb
from vigild.core.states import RUNNING_STATES, ProcessState
from vigild.engine.own_commands import ACTION_SECONDS, PROBE_MARK
from vigild.engine.ports import SPAWN_MARK, ProbeRequest

if TYPE_CHECKING:
    from vigild.core.health import Answer
    from vigild.engine.engine import Engine
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.monitored import Monitored

Next = Callable[[], None]

# Somebody has stopped it, or nobody has started it: it is down on purpose, and a rule that ends what is bad does not bring it back.
STAYS = frozenset({ProcessState.STOPPED, ProcessState.STOPPING})
A_MONITOR = Caller("a monitor", Role.ADMIN)


class MonitorActions:
    """Of one engine."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._busy: set[str] = set()  # monitors whose start, stop or restart is under way

    def do(self, monitor: "Monitored", rule: Rule, act: Act, has_recovered: bool) -> None:
        """Carry this out."""
        verb = act.action.verb
        event = "recovered" if has_recovered else "failed"
        variables = {"VIGIL_RULE": rule.name, "VIGIL_TEXT": act.text, "VIGIL_EVENT": event}
        if verb is Verb.EXEC:
            self._run(monitor, act.action.argument, variables, lambda: None)
            return
        log = self._engine.ports.log
        if monitor.config.program:
            for process in self._programs(monitor.config.program):
                if verb is Verb.RESTART and process.state in STAYS:
                    log.warn(
                        f"monitor {monitor.name}: no {verb} of {process.namespec}, which is stopped: {act.text}"
                    )
                    continue
                log.warn(f"monitor {monitor.name}: {verb} {process.namespec}: {act.text}")
                self._order(process, verb, f"monitor {monitor.name}: {act.text}")
            return
        if monitor.name in self._busy:
            log.warn(f"monitor {monitor.name}: no {verb}, because the command before it still runs")
            return
        log.warn(f"monitor {monitor.name}: {verb}: {act.text}")
        self._busy.add(monitor.name)
        self._in_turn(monitor, list(_commands(monitor, verb)), variables)

    def _programs(self, name: str) -> "list[ManagedProcess]":
        group_name, _, member = name.partition(":")
        group = self._engine.groups.get(group_name)
        if group is None:
            self._engine.ports.log.warn(f"there is no program {name}")
            return []
        return [process for process in group.by_priority if member in ("", "*", process.config.name)]

    def _order(self, process: "ManagedProcess", verb: Verb, why: str) -> None:
        token = current_caller.set(A_MONITOR)
        try:
            if verb is Verb.STOP:
                process.feed(Stop())
            elif process.state is ProcessState.RUNNING and verb is Verb.RESTART:
                process.feed(Renew(why, process.policy.stop_signal))
            elif process.state not in RUNNING_STATES and process.find_problem() is None:
                process.feed(Start())
        finally:
            current_caller.reset(token)

    def _in_turn(self, monitor: "Monitored", commands: list[str], variables: dict[str, str]) -> None:
        if not commands:
            self._busy.discard(monitor.name)
            return
        self._run(monitor, commands[0], variables, lambda: self._in_turn(monitor, commands[1:], variables))

    def _run(self, monitor: "Monitored", command: str, variables: dict[str, str], then: Next) -> None:
        config, ports = monitor.config, self._engine.ports
        environment = {
            **self._engine.settings.base_environment,
            **config.environment,
            **variables,
            "VIGIL_MONITOR": config.name,
            SPAWN_MARK: PROBE_MARK,
        }
        probe = Probe(Scheme.EXEC, f"exec:{command}", command)
        request = ProbeRequest(
            probe, ACTION_SECONDS, environment=environment, directory=config.directory, uid=config.uid
        )

        def ended(answer: "Answer") -> None:
            if not answer.ok:
                ports.log.warn(f"monitor {config.name}: '{command}' failed: {answer.text}")
            then()

        ports.prober.ask(request, ended)


def _commands(monitor: "Monitored", verb: Verb) -> Iterable[str]:
    config = monitor.config
    match verb:
        case Verb.START:
            return [config.start_command]
        case Verb.STOP:
            return [config.stop_command]
        case _ if config.restart_command:
            return [config.restart_command]
        case _:
            return [config.stop_command, config.start_command]
