"""Commands that we run about a process: in its surroundings, but not as one of its processes."""

from support.fakes import World, group, program
from vigild.engine.own_commands import run_action


def test_a_command_runs_in_the_surroundings_of_the_process_and_a_failure_is_said() -> None:
    world = World(
        group(program("w", environment={"A": "b"}, watchdog_seconds=5.0, uid=33, directory="/d"))
    ).boot()
    process = world.engine.groups["w"].processes["w"]

    run_action(process, world.ports, "a rule", "/bin/tell me", {"VIGIL_TEXT": "hot"})

    question = world.prober.asked[-1]
    request = question.request
    assert (request.probe.target, request.directory, request.uid) == ("/bin/tell me", "/d", 33)
    assert (request.environment["A"], request.environment["VIGIL_TEXT"]) == ("b", "hot")
    assert request.environment["VIGIL_SPAWN_ID"] == "probe"
    assert "NOTIFY_SOCKET" not in request.environment
    question.answers(True)
    assert not any("failed" in line for line in world.log.lines)
    question.answers(False, "exit status 3")
    assert world.log.lines[-1] == "WARN a rule of w: '/bin/tell me' failed: exit status 3"
