"""Readiness, health and notifications of a process, on fakes with a clock that is moved by hand."""

import pytest

from support.fakes import FakeQuestion, World, group, listener, program
from vigild.config.model import Condition, Dependency, Probe, Scheme
from vigild.control.info import describe
from vigild.core.health import Health, Verdict
from vigild.core.process import Stop
from vigild.engine.managed import ManagedProcess
from vigild.engine.ports import Remains
from vigild.engine.records import PROCESS, decode_record

HTTP = Probe(Scheme.HTTP, "http://h/", "/", "h", 80)
NOTIFY = Probe(Scheme.NOTIFY, "notify")
LOG = Probe(Scheme.LOG, "log:up in \\d+", "up in \\d+")
EXEC = Probe(Scheme.EXEC, "exec:ask", "ask")


def a_world(**changes: object) -> World:
    return World(group(program("w", **changes))).boot()


def process_of(world: World) -> ManagedProcess:
    return world.engine.groups["w"].processes["w"]


def described(world: World) -> str:
    return describe(process_of(world), world.clock.wall())


def question(world: World) -> FakeQuestion:
    return world.prober.asked[-1]


def healthy(**changes: object) -> World:
    """RUNNING, and healthy after its first check."""
    world = a_world(start_seconds=0, healthcheck=HTTP, **changes)
    world.clock.advance(1)
    question(world).answers(True, "HTTP 200")
    return world


def fails(world: World, times: int = 3) -> None:
    for _ in range(times):
        world.clock.advance(30)
        question(world).answers(False, "HTTP 500")


def test_a_process_that_nobody_watches_has_no_watch_and_an_idle_daemon_no_timers() -> None:
    world = a_world(start_seconds=0)
    assert process_of(world).watch is None
    assert (world.clock.armed, world.prober.asked) == (0, [])
    assert (process_of(world).is_ready, process_of(world).is_healthy) == (True, True)


def test_it_is_asked_until_it_is_ready() -> None:
    world = a_world(readiness=HTTP)
    assert question(world).request.probe == HTTP
    assert not process_of(world).is_ready
    question(world).answers(False, "connection refused")
    assert described(world) == "waiting for http://h/: connection refused"
    world.clock.advance(0.05)
    assert len(world.prober.asked) == 2
    question(world).answers(True, "HTTP 200")
    assert world.state("w") == "RUNNING"
    assert described(world) == "pid 100, uptime 0:00:00; ready"
    assert "INFO success: w entered RUNNING state, process is ready (http://h/)" in world.log.lines
    assert world.clock.armed == 0
    assert process_of(world).is_ready


def test_what_it_says_of_itself_cannot_steer_a_terminal_or_forge_a_line() -> None:
    world = a_world(readiness=NOTIFY)
    world.prober.says(100, READY="1", STATUS='up"\rdb  RUNNING \x1b[2J \x9b2J \u202ebd \udcff 好')
    assert described(world) == 'pid 100, uptime 0:00:00; ready; "up" db  RUNNING  [2J  2J  bd   好"'


def test_not_ready_in_time_it_is_stopped_and_what_came_back_is_said() -> None:
    world = a_world(readiness=HTTP, readiness_timeout_seconds=10)
    question(world).answers(False, "HTTP 503")
    world.clock.advance(10)
    assert question(world).cancelled
    assert world.children.kills == [(100, 15, False)]
    why = "not ready within 10 seconds (http://h/: HTTP 503)"
    assert f"WARN ending w: {why}" in world.log.lines
    world.clock.advance(10)
    assert world.children.kills[1:] == [(100, 9, False)]
    assert "WARN killing 'w' (100) with SIGKILL" in world.log.lines
    world.exits("w", 9)
    assert (world.state("w"), described(world)) == ("BACKOFF", why)
    world.clock.advance(1)
    assert not question(world).cancelled  # of the next try


def test_a_stop_takes_the_question_back() -> None:
    world = a_world(readiness=HTTP)
    process_of(world).feed(Stop())
    assert question(world).cancelled
    world.exits("w")
    assert world.clock.armed == 0


def test_a_command_asks_with_the_environment_of_the_program_but_not_as_one_of_its_processes() -> None:
    world = a_world(readiness=EXEC, uid=33, directory="/d", environment={"A": "b"}, watchdog_seconds=5.0)
    request = question(world).request
    assert (request.environment["A"], request.environment["VIGIL_SPAWN_ID"]) == ("b", "probe")
    assert "NOTIFY_SOCKET" not in request.environment
    assert (request.directory, request.uid) == ("/d", 33)


def test_a_line_in_its_output_says_that_it_is_ready() -> None:
    world = a_world(readiness=LOG)
    child = world.child("w")
    child.says(b"loading\nup in ")
    child.says(b"no time\nup in 5")
    assert world.state("w") == "STARTING"
    child.says(b" ms\n")
    assert world.state("w") == "RUNNING"
    child.says(b"up in 7 ms\n")
    watch = process_of(world).watch
    assert watch is not None
    assert not watch._tails  # nothing is kept of what nobody asks about


def test_what_its_launcher_wrote_counts_when_it_is_known() -> None:
    world = a_world(readiness=LOG, forking=True)
    world.child("w").says(b"up in 5 ms\n")
    assert world.state("w") == "STARTING"
    watch = process_of(world).watch
    assert watch is not None
    world.table.add(7, spawn_id="spawn-1")
    world.engine.child_died(100, 0)
    world.clock.advance(1)
    assert (world.state("w"), process_of(world).process.pid) == ("RUNNING", 7)


def test_health_is_checked_soon_and_then_at_its_interval() -> None:
    world = healthy()
    assert process_of(world).is_healthy
    assert described(world) == "pid 100, uptime 0:00:01; healthy, 3 ms"
    assert "INFO healthy: w (HTTP 200)" in world.log.lines
    world.clock.advance(30)
    assert len(world.prober.asked) == 2
    question(world).answers(True, "HTTP 200")
    world.clock.advance(29)
    assert len(world.prober.asked) == 2
    world.clock.advance(1)
    assert len(world.prober.asked) == 3


def test_before_the_first_answer_nothing_is_known() -> None:
    world = a_world(start_seconds=0, healthcheck=HTTP, healthcheck_start_period_seconds=120.0)
    assert described(world).endswith("; health unknown")
    assert not process_of(world).is_healthy
    world.clock.advance(1)
    question(world).answers(False, "HTTP 503")
    assert described(world).endswith("; health unknown: HTTP 503")
    fails(world, 2)
    assert described(world).endswith("; health unknown: HTTP 500")
    assert not [line for line in world.log.lines if "unhealthy" in line]


def test_the_request_carries_what_is_expected() -> None:
    world = healthy(
        healthcheck_expect_status=((204, 204),), healthcheck_expect_body="ok", healthcheck_timeout_seconds=2.0
    )
    request = question(world).request
    assert (request.timeout_seconds, request.expect_status, request.expect_body) == (2.0, ((204, 204),), "ok")


def test_it_becomes_unhealthy_and_healthy_again_with_an_event_each_time() -> None:
    world = World(
        listener("ears", "PROCESS_HEALTH_HEALTHY", "PROCESS_HEALTH_UNHEALTHY"),
        group(program("w", start_seconds=0, healthcheck=HTTP)),
    ).boot()
    world.clock.advance(1)
    question(world).answers(True, "HTTP 200")
    fails(world)
    assert "WARN unhealthy: w (3 checks failed in a row, the last: HTTP 500)" in world.log.lines
    assert "; unhealthy: HTTP 500 since " in described(world)
    assert not process_of(world).is_healthy
    world.child("ears").says(b"READY\n")
    sent = b"".join(world.child("ears").stdin)
    assert b"eventname:PROCESS_HEALTH_HEALTHY" in sent
    assert b"from_health:unknown failures:0\nHTTP 200" in sent
    world.child("ears").says(b"RESULT 2\nOKREADY\n")
    sent = b"".join(world.child("ears").stdin)
    assert b"processname:w groupname:w pid:101 from_health:healthy failures:3\nHTTP 500" in sent
    assert world.children.kills == []  # on_unhealthy=alert does no more than tell
    world.clock.advance(30)
    question(world).answers(True, "HTTP 200")
    assert process_of(world).is_healthy


def test_who_depends_on_its_health_starts_when_it_is_healthy() -> None:
    on_it = (Dependency("w", Condition.HEALTHY, targets=("w:*",)),)
    world = World(
        group(program("w", start_seconds=0, healthcheck=HTTP)), group(program("after", depends_on=on_it))
    ).boot()
    world.clock.advance(1)
    assert [child.request.name for child in world.children.spawned] == ["w"]
    question(world).answers(True, "HTTP 200")
    world.clock.advance()
    assert [child.request.name for child in world.children.spawned] == ["w", "after"]


def test_a_failure_that_does_not_count_yet_is_shown() -> None:
    world = healthy()
    fails(world, 1)
    assert described(world).endswith("; healthy, 1 failed: HTTP 500")


def test_on_unhealthy_restart_ends_it_and_starts_it_again() -> None:
    world = healthy(on_unhealthy=("restart",))
    fails(world)
    assert world.children.kills == [(100, 15, False)]
    assert "WARN restarting w: unhealthy: HTTP 500" in world.log.lines
    assert "; being restarted; unhealthy" in described(world)
    assert not process_of(world).is_ready
    count = len(world.prober.asked)
    world.exits("w")
    assert world.state("w") == "RUNNING"
    assert described(world).endswith("; health unknown")
    world.clock.advance(1)
    assert len(world.prober.asked) == count + 1


def test_on_unhealthy_exec_runs_a_command_that_knows_why() -> None:
    world = healthy(on_unhealthy=("alert", "exec:/bin/tell me"), healthcheck_retries=1)
    fails(world, 1)
    request = question(world).request
    assert (request.probe.scheme, request.probe.target) == (Scheme.EXEC, "/bin/tell me")
    told = {name: request.environment[name] for name in ("VIGIL_HEALTH", "VIGIL_ANSWER", "VIGIL_PID")}
    assert told == {"VIGIL_HEALTH": "unhealthy", "VIGIL_ANSWER": "HTTP 500", "VIGIL_PID": "100"}
    question(world).answers(False, "exit status 3")
    assert "WARN on_unhealthy of w: '/bin/tell me' failed: exit status 3" in world.log.lines
    question(world).answers(True)


def test_a_log_that_says_nothing_is_unhealthy() -> None:
    world = a_world(
        start_seconds=0, healthcheck=LOG, healthcheck_retries=1, healthcheck_interval_seconds=10.0
    )
    world.child("w").says(b"up in 1\n")
    world.clock.advance(10)
    assert process_of(world).is_healthy
    world.clock.advance(10)
    assert "unhealthy: no line matches up in \\d+" in described(world)


def test_checks_end_with_the_process_and_with_its_group() -> None:
    world = healthy(autorestart=program("x").autorestart)
    world.clock.advance(30)
    world.exits("w")
    assert question(world).cancelled
    assert world.clock.armed == 0
    world.engine.remove_group("w")


def test_notify_makes_it_ready_and_shows_what_it_says() -> None:
    world = a_world(readiness=NOTIFY)
    assert world.child("w").request.environment["NOTIFY_SOCKET"] == "@/run/notify"
    assert "WATCHDOG_USEC" not in world.child("w").request.environment
    world.prober.says(100, STATUS="loading 3 of 7")
    assert described(world) == 'waiting for notify; "loading 3 of 7"'
    world.prober.says(100, READY="1", STATUS="serving")
    assert world.state("w") == "RUNNING"
    assert described(world) == 'pid 100, uptime 0:00:00; ready; "serving"'
    world.prober.says(100, RELOADING="1")
    assert "; reloading;" in described(world)
    world.prober.says(100, READY="1", STOPPING="1")
    assert described(world) == 'pid 100, uptime 0:00:00; ready; says it is stopping; "serving"'
    world.exits("w", 256)
    assert "serving" not in described(world)


@pytest.mark.parametrize(
    ("sender", "believed"),
    [
        ({"pid": 100}, True),
        ({"pid": 500, "ancestors": (400, 100)}, True),
        ({"pid": 500, "spawn_id": "spawn-1"}, True),
        ({"pid": 500, "spawn_id": "spawn-1", "uid": 12345}, False),
        ({"pid": 500, "spawn_id": "spawn-9"}, False),
        ({"pid": 500}, False),
    ],
)
def test_only_processes_of_the_program_are_believed(sender: dict[str, object], believed: bool) -> None:
    world = a_world(readiness=NOTIFY)
    world.prober.says(**sender, READY="1")  # type: ignore[arg-type]
    assert world.state("w") == ("RUNNING" if believed else "STARTING")


def test_a_program_that_is_not_to_notify_is_not_heard() -> None:
    world = a_world(readiness=HTTP)
    assert "NOTIFY_SOCKET" not in world.child("w").request.environment
    world.prober.says(100, READY="1", STATUS="x")
    assert world.state("w") == "STARTING"
    assert world.log.lines[-1].startswith("DEBG ignored a notification of pid 100")


def test_without_a_socket_the_start_fails_in_words() -> None:
    world = World(group(program("w", readiness=NOTIFY)))
    world.prober.error = OSError(98, "Address already in use")
    world.boot()
    assert described(world) == "cannot listen for notifications: Address already in use"


def test_more_time_is_given_on_top_of_what_it_has() -> None:
    world = a_world(readiness=NOTIFY, readiness_timeout_seconds=10)
    world.prober.says(100, EXTEND_TIMEOUT_USEC="1000000")  # it has more than that
    world.clock.advance(9)
    world.prober.says(100, EXTEND_TIMEOUT_USEC="5000000")
    world.clock.advance(4.9)
    assert world.children.kills == []
    world.clock.advance(0.1)
    assert world.children.kills == [(100, 15, False)]


def test_a_watchdog_that_is_not_fed_restarts_it_with_sigabrt() -> None:
    world = a_world(start_seconds=0, watchdog_seconds=3.0)
    assert world.child("w").request.environment["WATCHDOG_USEC"] == "3000000"
    world.clock.advance(2.9)
    world.prober.says(100, WATCHDOG="1")
    world.clock.advance(2.9)
    assert world.children.kills == []
    world.clock.advance(0.2)
    assert world.children.kills == [(100, 6, False)]
    assert "WARN restarting w: watchdog: no WATCHDOG=1 within 3 seconds" in world.log.lines
    world.prober.says(100, WATCHDOG="trigger")  # it is being ended already
    assert len(world.children.kills) == 1
    world.exits("w", 6)
    assert world.state("w") == "RUNNING"


def test_a_program_can_ask_for_it_and_set_its_own_time() -> None:
    world = a_world(start_seconds=0, watchdog_seconds=3.0)
    world.prober.says(100, WATCHDOG_USEC="60000000", WATCHDOG="1")
    world.clock.advance(59)
    assert world.children.kills == []
    world.prober.says(100, WATCHDOG="trigger")
    assert world.children.kills == [(100, 6, False)]


def test_the_watchdog_waits_until_it_runs_and_ends_with_it() -> None:
    world = a_world(readiness=NOTIFY, watchdog_seconds=3.0)
    world.clock.advance(10)
    world.prober.says(100, WATCHDOG="1")
    assert world.children.kills == []
    world.prober.says(100, READY="1")
    process_of(world).feed(Stop())
    world.exits("w")
    assert world.clock.armed == 0


def successor(old: World, **changes: object) -> World:
    """The daemon after a crash of the old one: it finds what the old one wrote down, and the process alive."""
    world = World()
    world.clock.now = old.clock.now
    world.children.alive[100] = Remains(100, 1000)
    record = decode_record(old.journal.entries[PROCESS]["w"])
    world.engine.add_group(group(program("w", **changes)), {"w": record})
    process_of(world).resume(Remains(100, 1000))
    return world


def test_health_and_status_text_go_on_under_the_next_daemon() -> None:
    changes = {"start_seconds": 0, "healthcheck": HTTP, "watchdog_seconds": 300.0}
    old = healthy(watchdog_seconds=300.0)
    old.prober.says(100, STATUS="serving")
    fails(old)
    world = successor(old, **changes)
    watch = process_of(world).watch
    assert watch is not None
    assert watch.health == Health(Verdict.UNHEALTHY, 3, watch.health.since, "HTTP 500", 0.003)  # type: ignore[union-attr]
    assert (watch.notice, world.prober.listening) == ("serving", 1)
    world.clock.advance(1)
    question(world).answers(True, "HTTP 200")
    assert process_of(world).is_healthy


def test_readiness_is_asked_for_again_and_has_time_for_an_answer() -> None:
    old = a_world(readiness=HTTP, readiness_timeout_seconds=10)
    old.clock.now = 60.0  # it was down for so long
    world = successor(old, readiness=HTTP, readiness_timeout_seconds=10)
    assert question(world).request.probe == HTTP
    world.clock.advance(4.9)
    question(world).answers(True, "HTTP 200")
    assert world.state("w") == "RUNNING"


def test_a_successor_that_cannot_listen_says_so_and_goes_on() -> None:
    old = a_world(start_seconds=0, watchdog_seconds=300.0)
    world = World()
    world.prober.error = OSError(98, "Address already in use")
    record = decode_record(old.journal.entries[PROCESS]["w"])
    world.engine.add_group(group(program("w", start_seconds=0, watchdog_seconds=300.0)), {"w": record})
    process_of(world).resume(Remains(100, 1000))
    assert "CRIT cannot listen for notifications of w: Address already in use" in world.log.lines


def test_a_record_in_an_unknown_form_is_no_health() -> None:
    world = a_world(start_seconds=0, healthcheck=HTTP)
    watch = process_of(world).watch
    assert watch is not None
    for record in ((), ("healthy",), ("splendid", 0, 0.0, "", 0.0)):
        watch.restore("x", record)
        assert watch.health == Health()
