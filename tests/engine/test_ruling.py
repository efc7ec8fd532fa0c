"""Rules of a process on fakes: when it is judged, what is done and told, and what another daemon knows of it."""

import pytest

from support.fakes import EPOCH, FakeSampler, World, group, program, usage
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.history import Kind
from vigild.core.process import Start, Stop
from vigild.engine.managed import ManagedProcess
from vigild.engine.ports import Remains
from vigild.engine.records import PROCESS, decode_record
from vigild.engine.ruling import Ruling, machine_memory_bytes

GB = 1024**3
HOT = "if cpu > 90% for 2 cycles then restart"


class Told:
    """Who would be alerted."""

    def __init__(self) -> None:
        self.edges: list[Edge] = []

    def tell(self, edge: Edge) -> None:
        self.edges.append(edge)

    @property
    def kinds(self) -> list[str]:
        return [edge.kind.value + (" quietly" if edge.quiet else "") for edge in self.edges]


class Ruled(World):
    """One program `w` that is sampled every five seconds."""

    def __init__(self, **changes: object) -> None:
        super().__init__(group(program("w", **{"start_seconds": 0, **changes})))
        self.told = Told()
        self.ports.alerts = self.told
        self.cpu_seconds = 0.0
        self.boot()
        self.clock.advance(1)  # the first sample

    @property
    def process(self) -> ManagedProcess:
        return self.engine.groups["w"].processes["w"]

    def uses(self, *, cpu_percent: float = 0.0, memory: float = GB, cycles: int = 1) -> None:
        """So many samples in which it uses that."""
        for _ in range(cycles):
            self.cpu_seconds += cpu_percent / 100 * 5
            now = self.clock.now + 5
            self.sampler.usages["w"] = usage(now, cpu_seconds=self.cpu_seconds, rss_bytes=memory)
            self.clock.advance(5)


def ruling_of(world: Ruled) -> Ruling:
    assert world.process.ruling is not None
    return world.process.ruling


def test_who_has_no_rules_is_not_judged_and_nobody_wants_samples() -> None:
    world = World(group(program("w", start_seconds=0))).boot()
    world.clock.advance(60)
    assert world.engine.groups["w"].processes["w"].ruling is None
    assert (world.sampler.asked, world.clock.armed) == ([], 0)


def test_samples_are_wanted_when_a_process_with_rules_runs_and_not_before() -> None:
    world = Ruled(autostart=False, memory_max_bytes=GB)
    world.clock.advance(60)
    assert world.sampler.asked == []
    world.process.feed(Start())
    assert world.sampler.asked == []
    world.clock.advance(1)
    assert len(world.sampler.asked) == 1
    world.clock.advance(10)
    assert len(world.sampler.asked) == 3
    world.process.feed(Stop())
    world.exits("w")
    world.engine.remove_group("w")
    world.clock.advance(60)
    assert len(world.sampler.asked) == 3
    assert world.clock.armed == 0


def test_memory_max_ends_it_and_starts_it_again_and_says_why() -> None:
    world = Ruled(memory_max_bytes=2 * GB)
    world.uses(memory=2 * GB)
    assert world.children.kills == []
    world.uses(memory=2.5 * GB)

    assert world.children.kills == [(100, 15, False)]
    assert "WARN rule: w: memory_max: 2.5 GB > 2 GB" in world.log.lines
    assert "WARN restarting w: memory_max: 2.5 GB > 2 GB" in world.log.lines
    world.uses(memory=3 * GB)  # it is being ended: nothing more is to be said
    world.exits("w", 15)
    assert world.state("w") == "RUNNING"
    (end,) = world.history.of(Kind.EXIT, "w")
    assert (end["reason"], end["expected"]) == ("memory_max: 2.5 GB > 2 GB", False)
    assert world.told.kinds == ["rule"]
    edge = world.told.edges[0]
    assert (edge.source, edge.name, edge.trouble) == ("program", "w", "rule: memory_max")
    assert (edge.text, edge.severity, edge.at) == (
        "memory_max: 2.5 GB > 2 GB; it is restarted",
        Severity.WARNING,
        EPOCH + 11,
    )
    world.uses(memory=GB)
    assert world.told.kinds == ["rule", "recovered"]
    assert world.told.edges[1].severity is Severity.INFO
    assert "INFO rule is over: w: memory_max: 1 GB" in world.log.lines
    assert [details["what"] for details in world.history.of(Kind.RULE, "w")] == ["raised", "cleared"]


@pytest.mark.parametrize(
    ("action", "consequence"), [("stop", "; it is stopped"), ("alert", ""), ('exec "/bin/true"', "")]
)
def test_who_is_told_of_a_rule_hears_what_becomes_of_the_program(action: str, consequence: str) -> None:
    world = Ruled(rules=(f"if memory > 1GB then {action}",))
    world.uses(memory=2 * GB)
    assert world.told.edges[0].text == f"rule: memory 2 GB > 1 GB{consequence}"


def test_memory_max_that_a_restart_does_not_mend_restarts_again_and_tells_again() -> None:
    world = Ruled(memory_max_bytes=2 * GB)
    for _ in range(2):
        world.uses(memory=3 * GB)
        world.exits("w", 15)
    assert len(world.children.kills) == 2
    assert world.told.kinds == ["rule", "rule"]


def test_what_is_being_ended_is_not_judged() -> None:
    world = Ruled(memory_max_bytes=2 * GB, rules=("if threads > 5 then alert",))
    world.uses(memory=3 * GB)
    world.sampler.usages["w"] = usage(16.0, threads=6)
    world.clock.advance(5)
    assert world.told.kinds == ["rule"]


def test_a_count_that_a_new_run_ends_leaves_nothing_in_the_journal() -> None:
    world = Ruled(rules=("if memory > 2GB for 2 cycles then alert",))
    world.uses(memory=3 * GB)
    assert decode_record(world.journal.entries[PROCESS]["w"]).rules != ""
    world.exits("w", 256)
    assert decode_record(world.journal.entries[PROCESS]["w"]).rules.startswith("[{}")


def test_on_memory_max_alert_only_tells_and_that_once() -> None:
    world = Ruled(memory_max_bytes=2 * GB, on_memory_max="alert")
    world.uses(memory=3 * GB, cycles=5)
    assert (world.children.kills, world.told.kinds) == ([], ["rule"])


def test_a_rule_counts_cycles_and_a_new_run_counts_anew() -> None:
    world = Ruled(rules=(HOT,))
    world.uses()
    world.uses(cpu_percent=95)
    assert world.children.kills == []
    world.uses(cpu_percent=95)
    assert world.children.kills == [(100, 15, False)]
    assert f"WARN rule: w: rule: cpu 95% > 90% for 2 cycles ({HOT})" in world.log.lines
    world.exits("w", 15)
    world.cpu_seconds = 0.0
    world.uses()
    world.uses(cpu_percent=95)
    assert len(world.children.kills) == 1
    world.uses(cpu_percent=95)
    assert len(world.children.kills) == 2


def test_what_is_stopped_has_no_trouble_any_more_and_nobody_is_told_of_that() -> None:
    world = Ruled(rules=("if memory > 2GB then alert critical",))
    world.uses(memory=3 * GB)
    assert world.told.edges[0].severity is Severity.CRITICAL
    world.process.feed(Stop())
    world.uses(memory=3 * GB)
    assert world.told.kinds == ["rule"]
    world.exits("w")
    assert world.told.kinds == ["rule", "recovered quietly"]
    assert decode_record(world.journal.entries[PROCESS]["w"]).rules == ""


@pytest.mark.parametrize(("restarts", "kinds"), [(True, ["rule"]), (False, ["rule", "recovered quietly"])])
def test_an_end_by_itself_is_the_end_of_it_only_where_no_other_run_follows(
    restarts: bool, kinds: list[str]
) -> None:
    delay = 5.0 if restarts else 0.0
    world = Ruled(rules=("if memory > 2GB then alert",), restart_delay_seconds=delay)
    world.uses(memory=3 * GB)
    world.exits("w", 256 if restarts else 0)
    assert world.state("w") == "EXITED"
    assert world.told.kinds == kinds


def test_stop_and_exec_and_what_follows_when_it_is_over() -> None:
    rule = 'if memory > 2GB then exec "/bin/a b", stop'
    world = Ruled(rules=(rule, 'if threads > 5 then alert else if recovered then exec "/bin/over"'))
    world.sampler.usages["w"] = usage(6.0, threads=6)
    world.clock.advance(5)
    world.uses()
    request = world.prober.asked[-1].request
    assert (request.probe.target, request.environment["VIGIL_EVENT"]) == ("/bin/over", "recovered")

    world.uses(memory=3 * GB)
    request = world.prober.asked[-1].request
    told = {
        name: request.environment[name] for name in ("VIGIL_RULE", "VIGIL_TEXT", "VIGIL_PID", "VIGIL_EVENT")
    }
    assert request.probe.target == "/bin/a b"
    assert told == {
        "VIGIL_RULE": rule,
        "VIGIL_TEXT": "memory 3 GB > 2 GB",
        "VIGIL_PID": "100",
        "VIGIL_EVENT": "rule",
    }
    assert world.state("w") == "STOPPING"
    assert world.history.of(Kind.STATE, "w")[-1]["by"] == "a rule"
    assert "WARN stopping w: rule: memory 3 GB > 2 GB" in world.log.lines


def test_restarts_of_the_last_hour_are_counted() -> None:
    world = Ruled(rules=("if restarts >= 2 then alert",), restart_delay_seconds=1.0)
    for expected in ([], ["rule"]):
        world.exits("w", 256)
        world.clock.advance(1)
        world.uses()
        assert world.told.kinds == expected
    world.clock.advance(3600)
    assert world.told.kinds == ["rule", "recovered"]


def test_another_daemon_goes_on_counting() -> None:
    first = Ruled(rules=(HOT, "if memory > 2GB then alert"))
    first.uses(cpu_percent=95, memory=3 * GB)
    record = decode_record(first.journal.entries[PROCESS]["w"])
    writes = len(first.journal.calls)

    second = Ruled(rules=(HOT, "if memory > 2GB then alert"), autostart=False)
    process = second.process
    process.restore(record)
    second.children.alive[100] = Remains(100)
    process.resume(Remains(100))
    second.clock.advance(1)
    second.cpu_seconds = first.cpu_seconds
    second.uses(cpu_percent=0, memory=3 * GB)  # the first of the new daemon has nothing to be compared with
    second.uses(cpu_percent=95, memory=3 * GB, cycles=2)

    assert second.children.kills == [(100, 15, False)]
    assert [edge.trouble for edge in second.told.edges] == [f"rule: {HOT}"]
    assert writes == len(first.journal.calls)


def test_a_process_as_it_should_be_writes_nothing_down() -> None:
    world = Ruled(rules=(HOT, "if memory > 2GB for 3 cycles then alert"), memory_max_bytes=4 * GB)
    calls = len(world.journal.calls)
    world.uses(cycles=10)
    assert len(world.journal.calls) == calls


@pytest.mark.parametrize("record", ["", "{", "[]", "[1, 2]", '[{"r": 5}, []]', '[{}, ["x"]]'])
def test_a_record_of_another_form_is_none(record: str) -> None:
    world = Ruled(rules=(HOT,))
    ruling_of(world).restore(record)
    assert ruling_of(world).record() == ""


def test_the_machine_says_how_much_memory_it_has() -> None:
    assert machine_memory_bytes() > 64 << 20


def test_edges_are_of_programs() -> None:
    assert EdgeKind.RULE.value == "rule"
    assert isinstance(Ruled(rules=(HOT,)).sampler, FakeSampler)
