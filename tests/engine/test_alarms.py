"""What people are told of programs: when a trouble begins, when it is over, and what is none."""

from pathlib import Path

import pytest

from support.fakes import FakeAlerts, World, group, program
from vigild.alerts.desk import Desk
from vigild.alerts.outbox import AlertRow
from vigild.alerts.settings import AlertSettings
from vigild.config.model import StreamConfig
from vigild.core.alerting import Policy
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.probe import Probe, Scheme
from vigild.core.process import Autorestart, Renew, Start, Stop
from vigild.core.restarts import OnFlapping
from vigild.core.states import SupervisorState
from vigild.engine.alarms import MAX_STEADY_SECONDS, RECENT_MAX, Alarms
from vigild.engine.records import TROUBLE
from vigild.host.store.last_lines import last_lines

SEGV_WITH_CORE = 11 | 0x80
EXIT_3 = 3 << 8


def world(**options: object) -> World:
    made = World(group(program("web", start_seconds=1, **options)), alarms=True).boot()
    made.clock.advance(1)
    assert made.state("web") == "RUNNING"
    assert made.alerts.told == []
    return made


def only(alerts: FakeAlerts) -> Edge:
    (edge,) = alerts.edges
    alerts.edges.clear()
    return edge


def test_an_end_that_should_not_be_is_told_with_how_and_what_follows() -> None:
    it = world()
    it.clock.advance(200)
    it.exits("web", SEGV_WITH_CORE)
    edge = only(it.alerts)
    assert (edge.kind, edge.severity, edge.key) == (EdgeKind.DOWN, Severity.WARNING, "program:web:down")
    assert edge.text == "web was killed by SIGSEGV after 3 min, and left a core; it is started again"
    assert edge.details == {
        "pid": 100,
        "state": "RUNNING",
        "ran": 201.0,
        "signal": "SIGSEGV",
        "core": True,
        "before": 0,
        "restart_in": 0.0,
    }
    assert edge.at == it.clock.wall()


def test_it_has_recovered_when_it_has_stayed_up() -> None:
    it = world()
    it.exits("web", EXIT_3)
    assert it.alerts.told == ["down program:web:down"]
    it.clock.advance(0.9)
    assert it.alerts.told == []
    it.clock.advance(0.1)
    edge = only(it.alerts)
    assert (edge.kind, edge.severity, edge.key) == (EdgeKind.RECOVERED, Severity.INFO, "program:web:down")
    assert edge.text == "web is up again, after 1 s"
    assert edge.details == {"lasted": 1.0}
    assert TROUBLE not in it.journal.entries or it.journal.entries[TROUBLE] == {}


def test_one_that_is_not_started_again_is_worse() -> None:
    it = world(autorestart=Autorestart.NEVER)
    it.exits("web", EXIT_3)
    edge = only(it.alerts)
    assert edge.severity is Severity.CRITICAL
    assert edge.text == "web exited with status 3 after 1 s; it is not started again"
    it._process("web").feed(Start())
    it.clock.advance(1)
    assert it.alerts.told == ["recovered program:web:down"]


def test_an_exit_that_is_expected_and_a_stop_are_no_trouble() -> None:
    it = world()
    it.exits("web", 0)
    assert it.state("web") == "EXITED"
    it._process("web").feed(Start())
    it.clock.advance(1)
    it._process("web").feed(Stop())
    it.exits("web", 9)
    assert it.state("web") == "STOPPED"
    assert it.alerts.told == []


def test_a_start_that_fails_again_and_again_is_told_once_and_then_that_it_is_given_up() -> None:
    it = World(group(program("web", start_seconds=5, start_retries=2)), alarms=True).boot()
    it.exits("web", EXIT_3)
    edge = only(it.alerts)
    assert edge.text == "web exited with status 3 after 0 s, before it was up; it is started again in 1 s"
    it.clock.advance(1)
    it.exits("web", EXIT_3)
    assert it.alerts.told == []
    it.clock.advance(2)
    it.exits("web", EXIT_3)
    assert it.state("web") == "FATAL"
    edge = only(it.alerts)
    assert (edge.kind, edge.severity, edge.key) == (EdgeKind.FATAL, Severity.CRITICAL, "program:web:fatal")
    assert (
        edge.text == "web is given up (FATAL) after 3 tries: exited with status 3 after 0 s, before it was up"
    )
    assert (edge.details["status"], edge.details["tries"], edge.details["before"]) == (3, 3, 2)
    it._process("web").feed(Start())
    it.exits("web", EXIT_3)
    assert it.alerts.told == []
    it.clock.advance(1)
    it.clock.advance(5)
    it.clock.advance(MAX_STEADY_SECONDS)
    assert it.alerts.told == ["recovered program:web:down", "recovered program:web:fatal"]


def test_one_that_cannot_be_spawned_is_told_with_why() -> None:
    it = World(group(program("web", start_retries=0)), alarms=True)
    it.children.missing.add("web")
    it.boot()
    edge = only(it.alerts)
    assert edge.text == "web is given up (FATAL): can't find command 'web'"
    assert edge.details["error"] == "can't find command 'web'"


def test_a_program_that_flaps_is_told_once_and_when_it_is_over() -> None:
    it = World(group(program("web", start_seconds=0, flapping=(3, 60))), alarms=True).boot()
    seen: list[str] = []
    for _ in range(20):
        it.exits("web", EXIT_3)
        seen += it.alerts.told
        if it._process("web").process.flapping:
            break
    assert seen == ["down program:web:down", "flapping program:web:flapping"]
    it.clock.advance(1)  # it is started again after a delay
    it.exits("web", EXIT_3)
    it.clock.advance(2)
    assert it.state("web") == "RUNNING"
    assert it.alerts.told == []
    it.clock.advance(59)
    assert it._process("web").process.flapping
    it.clock.advance(1 + MAX_STEADY_SECONDS)
    assert it.alerts.told == ["recovered program:web:down", "recovered program:web:flapping"]


def test_one_that_is_given_up_for_flapping_is_told_as_both() -> None:
    it = World(
        group(program("web", start_seconds=0, flapping=(1, 60), on_flapping=OnFlapping.FATAL)), alarms=True
    ).boot()
    it.exits("web", EXIT_3)
    it.exits("web", EXIT_3)
    assert it.state("web") == "FATAL"
    flaps, given_up = (edge.text for edge in it.alerts.edges[-2:])
    assert "1 restarts within 60 seconds, the last time it exited with status 3 after 0 s; it is" in flaps
    assert given_up.endswith("the last time it exited with status 3 after 0 s")
    assert it.alerts.told == [
        "down program:web:down",
        "flapping program:web:flapping",
        "fatal program:web:fatal",
    ]


def test_one_that_dies_just_after_its_start_for_ever_is_not_told_without_end() -> None:
    it = world(flapping=(0, 60))
    told: list[str] = []
    for _ in range(600):
        it.exits("web", EXIT_3)
        it.clock.advance(1.5)
        told += it.alerts.told
    assert it.clock.now > 800
    assert told[:3] == ["down program:web:down", "recovered program:web:down", "down program:web:down"]
    assert len(told) < 12
    assert len(it.engine.settings.alarms._ends["web"]) == RECENT_MAX  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("seconds", "titles"),
    [
        (0.1, ["fatal", "recovered"]),
        (2, ["down", "flapping", "recovered"]),
        (20, ["down over", "down", "recovered"]),
        (100, ["down over", "down", "recovered", "down", "recovered"]),
    ],
)
def test_a_crash_loop_of_ten_minutes_is_few_messages_and_one_that_it_is_over(
    seconds: float, titles: list[str]
) -> None:
    it = World(group(program("web", start_seconds=1)), alarms=True).boot()
    desk = Desk(AlertSettings("ops", Policy(), {}), AlertRow(), {}, lambda _: 0.0)
    shown: list[str] = []
    for step in range(15_000):
        process = it._process("web")
        if (
            it.clock.now < 600
            and process.process.pid
            and it.clock.now - process.process.started_at >= seconds
        ):
            it.exits("web", EXIT_3)
        if it.clock.now > 600 and it.state("web") == "FATAL":
            process.feed(Start())
        it.clock.advance(0.1)
        for edge in it.alerts.edges:
            desk.hear(edge, it.clock.wall(), lambda _: {})
        it.alerts.edges.clear()
        due = desk.due_at(it.clock.wall())
        if due is not None and due <= it.clock.wall():
            found = desk.take(it.clock.wall(), str(step))
            assert found is not None
            (telling,) = found[0].tellings
            over = "recovered" if telling.was_told else f"{telling.edge.kind.value} over"
            shown.append(over if telling.ended else telling.edge.kind.value)
    assert shown == titles
    assert it.state("web") == "RUNNING"


def test_one_that_could_not_be_started_has_recovered_as_soon_as_it_is_up() -> None:
    it = World(group(program("web", start_seconds=1, start_retries=20)), alarms=True).boot()
    for number in range(5):
        it.exits("web", EXIT_3)
        it.clock.advance(number + 1.1)
        assert it.state("web") == "STARTING"
    it.clock.advance(1)
    assert it.state("web") == "RUNNING"
    assert it.alerts.told == ["down program:web:down", "recovered program:web:down"]


def test_last_lines_are_those_of_the_run_that_failed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("an earlier run\n")
    it = World(group(program("web", stderr=StreamConfig(str(log)))), alarms=True).boot()
    it.clock.advance(2)
    with log.open("a") as file:
        file.write("boom\n")
    it.exits("web", EXIT_3)
    (end,) = [one for one in only(it.alerts).outputs if one.channel == "stderr"]
    assert (end.begin, end.size) == (15, 20)
    assert last_lines(end, end.begin) == ["boom"]
    it.clock.advance(100)
    it.alerts.edges.clear()
    log.rename(tmp_path / "log.1")
    log.write_text("rotated meanwhile: all of it is of this run\n")
    it.exits("web", EXIT_3)
    (end,) = only(it.alerts).outputs
    assert (end.begin, end.size) == (0, 44)


def test_earlier_ends_are_counted_within_the_hour() -> None:
    it = world()
    for _ in range(2):
        it.exits("web", EXIT_3)
        it.clock.advance(1000)
        it.alerts.edges.clear()
    it.exits("web", EXIT_3)
    edge = only(it.alerts)
    assert edge.details["before"] == 2
    assert edge.text.endswith("; it is started again (so ended 2 times before, within the hour)")
    it.clock.advance(3601)
    it.alerts.edges.clear()
    it.exits("web", EXIT_3)
    assert only(it.alerts).details["before"] == 0


@pytest.mark.parametrize("how", ["stop", "remove"])
def test_who_is_stopped_or_removed_has_no_trouble_any_more_and_nobody_is_told(how: str) -> None:
    it = World(group(program("web", start_retries=0)), alarms=True).boot()
    it.exits("web", EXIT_3)
    assert it.alerts.told == ["fatal program:web:fatal"]
    if how == "stop":
        it._process("web").feed(Start())
        it._process("web").feed(Stop())
    else:
        it.engine.remove_group("web")
    assert it.alerts.told == ["recovered program:web:fatal quiet"]
    assert not it.journal.entries[TROUBLE]


def test_one_that_is_stopped_while_it_may_recover_does_not() -> None:
    it = World(group(program("web", start_seconds=0)), alarms=True).boot()
    it.exits("web", EXIT_3)
    assert it.alerts.told == ["down program:web:down"]
    it._process("web").feed(Stop())
    assert it.alerts.told == ["recovered program:web:down quiet"]
    it.exits("web", 0)
    it.clock.advance(10)
    assert it.alerts.told == []
    assert it.clock.armed == 0


def test_a_job_that_ends_as_it_should_at_last_has_recovered() -> None:
    it = World(group(program("job", start_seconds=0)), alarms=True).boot()
    it.exits("job", EXIT_3)
    it.exits("job", 0)
    assert it.state("job") == "EXITED"
    assert it.alerts.told == ["down program:job:down", "recovered program:job:down"]
    assert it.clock.armed == 0


def healthy_world(*actions: str) -> World:
    probe = Probe(Scheme.TCP, "tcp://127.0.0.1:80", "127.0.0.1", 80)
    config = program("web", start_seconds=0, healthcheck=probe, on_unhealthy=actions)
    return World(group(config), alarms=True).boot()


def answer(it: World, ok: bool, times: int = 1) -> None:
    for _ in range(times):
        it.clock.advance(60)
        it.prober.asked[-1].answers(ok, "connected" if ok else "connection refused")


def test_a_program_that_is_not_healthy_is_told_and_that_it_is_again() -> None:
    it = healthy_world("alert")
    answer(it, True)
    answer(it, False, 5)
    edge = only(it.alerts)
    assert (edge.kind, edge.severity, edge.key) == (
        EdgeKind.UNHEALTHY,
        Severity.CRITICAL,
        "program:web:unhealthy",
    )
    assert edge.text == "web is unhealthy: 3 checks failed in a row, the last: connection refused"
    answer(it, True)
    edge = only(it.alerts)
    assert (edge.kind, edge.key, edge.text) == (
        EdgeKind.RECOVERED,
        "program:web:unhealthy",
        "web is healthy again: connected",
    )


def test_nobody_is_told_of_health_where_no_alert_is_asked_for() -> None:
    it = healthy_world("restart")
    answer(it, True)
    answer(it, False, 3)
    assert it.alerts.told == []
    it.exits("web", 15)
    edge = only(it.alerts)
    assert edge.kind is EdgeKind.DOWN
    assert edge.text.startswith(
        "web was ended after 4 min: unhealthy: connection refused; it is started again"
    )


def test_what_the_daemon_itself_ends_is_no_trouble_and_what_was_one_is_over() -> None:
    it = World(group(program("web", start_retries=0)), group(program("db")), alarms=True).boot()
    it.exits("web", EXIT_3)
    it.clock.advance(1)
    assert it.alerts.told == ["fatal program:web:fatal"]
    it.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    it.exits("db", 9)
    it.engine.settings.alarms.close()  # type: ignore[union-attr]
    assert it.alerts.told == ["recovered program:web:fatal quiet"]
    assert it.journal.entries.get(TROUBLE, {}) == {}


def test_the_next_daemon_knows_what_was_told() -> None:
    it = World(
        group(program("web", start_seconds=1)), group(program("gone")), group(program("held")), alarms=True
    ).boot()
    it.exits("web", EXIT_3)
    it.exits("gone", EXIT_3)
    it.exits("held", EXIT_3)
    told = dict(it.journal.entries[TROUBLE])
    assert told.keys() == {"program:web", "program:gone", "program:held"}
    it.clock.advance(1)

    after = World(group(program("web", start_seconds=1)), group(program("held", autostart=False))).boot()
    after.clock.advance(1)
    after.ports.alerts = after.alerts
    alarms = after.engine.settings.alarms = Alarms(
        after.ports, {**told, "listener:lost": b'{"stuck":1}', "x": b"?"}
    )
    alarms.adopted(after.engine.all_processes(), ())
    assert sorted(after.alerts.told) == [
        "recovered listener:lost:stuck quiet",
        "recovered program:gone:down quiet",
        "recovered program:held:down quiet",
        "recovered program:web:down",
    ]
    after.exits("web", EXIT_3)
    assert after.alerts.told == ["down program:web:down"]


def test_what_is_open_is_not_told_again_by_the_next_daemon() -> None:
    after = World(group(program("web", start_retries=0))).boot()
    after.ports.alerts = after.alerts
    entries = {"program:web": b'{"fatal":1600000000.0}'}
    alarms = after.engine.settings.alarms = Alarms(after.ports, entries)
    alarms.adopted(after.engine.all_processes(), ())
    after.exits("web", EXIT_3)
    assert after.state("web") == "FATAL"
    assert after.alerts.told == []


def test_an_end_that_nobody_saw_is_told_as_such() -> None:
    it = world()
    it.engine.child_died(it.child("web").pid, None)
    assert only(it.alerts).text == "web ended, and nobody saw how; it is started again"


def test_a_scheduled_job_has_recovered_when_a_run_of_it_has_ended_well_and_not_when_one_begins() -> None:
    job = program(
        "job", start_seconds=0, autostart=False, autorestart=Autorestart.NEVER, schedule="0 0 1 1 *"
    )
    it = World(group(job), alarms=True).boot()
    process = it.engine.groups["job"].processes["job"]
    process.feed(Start())
    it.exits("job", EXIT_3)
    process.feed(Start())
    it.clock.advance(100)
    assert it.alerts.told == ["down program:job:down"]
    it.exits("job", 0)
    assert it.alerts.told == ["recovered program:job:down"]


def test_what_a_rule_ended_is_told_by_the_rule_alone() -> None:
    it = world()
    it.clock.advance(2)
    it.engine.groups["web"].processes["web"].feed(Renew("memory_max: 3 GB > 2 GB", 15))
    it.exits("web", 15)
    assert it.alerts.told == []
    assert it.state("web") == "STARTING"
