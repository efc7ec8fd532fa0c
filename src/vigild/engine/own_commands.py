"""Commands that the configuration has us run about a process: `exec` of rules and of `on_unhealthy`."""

from dataclasses import replace
from typing import TYPE_CHECKING

from vigild.core.probe import Probe, Scheme
from vigild.engine.ports import SPAWN_MARK, ProbeRequest

if TYPE_CHECKING:
    from vigild.core.health import Answer
    from vigild.engine.managed import ManagedProcess
    from vigild.engine.ports import Ports

ACTION_SECONDS = 60.0  # how long such a command may run
PROBE_MARK = "probe"  # the spawn id of our own commands: they belong to no program
NOT_FOR_PROBES = ("NOTIFY_SOCKET", "WATCHDOG_USEC")


def request_of(owner: "ManagedProcess", probe: Probe, timeout_seconds: float) -> ProbeRequest:
    """To ask, or to run a command, with the environment, directory and user of the process."""
    config = owner.config
    environment: dict[str, str] = {}
    if probe.scheme is Scheme.EXEC:
        environment = owner.child_environment()
        for name in NOT_FOR_PROBES:
            environment.pop(name, None)
        environment[SPAWN_MARK] = PROBE_MARK
    return ProbeRequest(
        probe, timeout_seconds, environment=environment, directory=config.directory, uid=config.uid
    )


def run_action(
    owner: "ManagedProcess", ports: "Ports", of: str, command: str, variables: dict[str, str]
) -> None:
    """Run `command` and say in the log if it fails. `of`: what has it run; `variables` come on top of its environment."""
    request = request_of(owner, Probe(Scheme.EXEC, f"exec:{command}", command), ACTION_SECONDS)
    told = replace(request, environment={**request.environment, **variables})
    name = owner.config.name

    def ended(answer: "Answer") -> None:
        if not answer.ok:
            ports.log.warn(f"{of} of {name}: '{command}' failed: {answer.text}")

    ports.prober.ask(told, ended)
