"""What rules of monitors have done."""

from support.fakes import FakeProber, World, group, program
from vigild.config.model import MonitorConfig
from vigild.core.orders import Stop
from vigild.core.rules import Act, Action, Rule, Verb
from vigild.engine.monitor_actions import MonitorActions
from vigild.engine.monitored import Monitored

RULE = Rule("if failed then x", (), ())


class Bench:
    def __init__(self, **config: object) -> None:
        self.world = World(group(program("a"), program("b"), name="web")).boot()
        self.actions = MonitorActions(self.world.engine)
        self.monitor = Monitored(
            MonitorConfig("m", "process", **config),  # type: ignore[arg-type]
            self.world.ports,
            self.world.engine.bus,
            self.actions.do,
        )

    def do(self, verb: Verb, argument: str = "", *, has_recovered: bool = False) -> None:
        self.actions.do(self.monitor, RULE, Act(Action(verb, argument), "failed: gone"), has_recovered)

    @property
    def commands(self) -> list[str]:
        return [question.request.probe.target for question in self.prober.asked]

    @property
    def prober(self) -> FakeProber:
        return self.world.prober


def test_programs_are_stopped_started_and_restarted_by_name() -> None:
    bench = Bench(program="web:a")
    world = bench.world
    world.clock.advance(2)
    bench.do(Verb.START)
    assert world.state("web:a") == "RUNNING"
    bench.do(Verb.RESTART)
    assert world.state("web:a") == "STOPPING" or world.children.kills
    assert world.state("web:b") == "RUNNING"


def test_a_whole_group_and_what_has_stopped() -> None:
    bench = Bench(program="web:*")
    world = bench.world
    world.clock.advance(2)
    bench.do(Verb.STOP)
    for name in ("web:a", "web:b"):
        world.exits(name, 15)
        assert world.state(name) == "STOPPED"
    bench.do(Verb.START)
    assert {world.state("web:a"), world.state("web:b")} == {"STARTING"}


def test_a_restart_leaves_stopped_what_somebody_stopped() -> None:
    bench = Bench(program="web:*")
    world = bench.world
    world.clock.advance(2)
    world.engine.groups["web"].processes["a"].feed(Stop())
    bench.do(Verb.RESTART)
    world.exits("web:a", 15)
    world.exits("web:b", 15)
    bench.do(Verb.RESTART)
    assert world.state("web:a") == "STOPPED"
    assert world.state("web:b") == "STARTING"
    assert any("no restart of web:a, which is stopped: failed: gone" in line for line in world.log.lines)


def test_a_program_that_has_gone_is_said_in_the_log() -> None:
    bench = Bench(program="nobody")
    bench.do(Verb.STOP)
    assert any("there is no program nobody" in line for line in bench.world.log.lines)


def test_a_command_hears_what_is_the_matter() -> None:
    bench = Bench(environment={"A": "b"}, directory="/tmp", uid=7)
    bench.do(Verb.EXEC, "/bin/tell x", has_recovered=True)
    (question,) = bench.prober.asked
    request = question.request
    assert (request.probe.target, request.directory, request.uid) == ("/bin/tell x", "/tmp", 7)
    told = {
        name: text for name, text in request.environment.items() if name.startswith("VIGIL") or name == "A"
    }
    assert told == {
        "A": "b",
        "VIGIL_EVENT": "recovered",
        "VIGIL_MONITOR": "m",
        "VIGIL_RULE": "if failed then x",
        "VIGIL_SPAWN_ID": "probe",
        "VIGIL_TEXT": "failed: gone",
    }
    question.answers(False, "exit status 1")
    assert any("monitor m: '/bin/tell x' failed: exit status 1" in line for line in bench.world.log.lines)


def test_a_restart_by_commands_is_a_stop_and_then_a_start() -> None:
    bench = Bench(start_command="/bin/start", stop_command="/bin/stop")
    bench.do(Verb.RESTART)
    assert bench.commands == ["/bin/stop"]
    bench.do(Verb.START)
    assert bench.commands == ["/bin/stop"]
    bench.prober.asked[0].answers(True)
    assert bench.commands == ["/bin/stop", "/bin/start"]
    bench.prober.asked[1].answers(True)
    bench.do(Verb.STOP)
    assert bench.commands[-1] == "/bin/stop"


def test_a_command_for_restarts_is_all_of_it() -> None:
    bench = Bench(restart_command="/bin/again", start_command="/bin/start", stop_command="/bin/stop")
    bench.do(Verb.RESTART)
    assert bench.commands == ["/bin/again"]
    bench.prober.asked[0].answers(True)
    bench.do(Verb.START)
    assert bench.commands == ["/bin/again", "/bin/start"]
