"""Operations on processes, with Supervisor's answers and faults, on fake ports."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from support.events import heard
from support.fakes import EPOCH, World, group, listener, program
from support.until import DEADLINE_SECONDS
from vigild.config.model import Autorestart, Dependency, GroupConfig
from vigild.control.processes import Processes, signal_number
from vigild.core.errors import Fault, VigilError
from vigild.core.process import Start, Stop
from vigild.core.states import SupervisorState

OK = {"status": 80, "description": "OK"}


def run(begin: Callable[[], Awaitable[object]], *then: Callable[[], object]) -> object:
    """Begin an operation, let it come to where it waits, do `then` one by one, and return its result."""

    async def main() -> object:
        task = asyncio.ensure_future(begin())
        for action in then:
            for _ in range(5):
                await asyncio.sleep(0)
            assert not task.done(), "it did not wait"
            action()
        return await asyncio.wait_for(task, DEADLINE_SECONDS)

    return asyncio.run(main())


def fault_of(call: Callable[[], object]) -> tuple[Fault, str]:
    with pytest.raises(VigilError) as caught:
        call()
    return caught.value.fault, str(caught.value)


@pytest.fixture
def world() -> World:
    return World(
        group(program("web", autostart=False)), group(program("db", autostart=False), priority=1)
    ).boot()


@pytest.fixture
def processes(world: World) -> Processes:
    return Processes(world.engine)


def test_start_waits_until_it_runs(world: World, processes: Processes) -> None:
    assert run(lambda: processes.start("web"), lambda: world.clock.advance(1)) is True
    assert world.state("web") == "RUNNING"


def test_start_without_waiting_answers_at_once(world: World, processes: Processes) -> None:
    assert run(lambda: processes.start("web", wait=False)) is True
    assert world.state("web") == "STARTING"


def test_start_faults(world: World, processes: Processes) -> None:
    assert fault_of(lambda: run(lambda: processes.start("nope"))) == (Fault.BAD_NAME, "BAD_NAME: nope")
    assert fault_of(lambda: run(lambda: processes.start("web:nope")))[0] is Fault.BAD_NAME
    world.children.missing = {"db"}
    assert fault_of(lambda: run(lambda: processes.start("db"))) == (
        Fault.NO_FILE,
        "NO_FILE: can't find command 'db'",
    )
    run(lambda: processes.start("web", wait=False))
    assert fault_of(lambda: run(lambda: processes.start("web"))) == (
        Fault.ALREADY_STARTED,
        "ALREADY_STARTED: web",
    )
    world.engine.groups["web"].processes["web"].feed(Stop())
    assert fault_of(lambda: run(lambda: processes.start("web")))[0] is Fault.ABNORMAL_TERMINATION
    world.children.kill_error = PermissionError()
    world.clock.advance(11)
    assert fault_of(lambda: run(lambda: processes.start("web"))) == (
        Fault.FAILED,
        "FAILED: web is in an unknown process state",
    )


def test_a_spawn_that_fails_is_a_spawn_error(world: World, processes: Processes) -> None:
    world.children.refuse = {"web": "cannot exec"}
    assert fault_of(lambda: run(lambda: processes.start("web")))[0] is Fault.SPAWN_ERROR


def test_a_start_that_fails_while_waited_for_is_a_spawn_error(world: World, processes: Processes) -> None:
    begin = lambda: processes.start("web")  # noqa: E731
    assert fault_of(lambda: run(begin, lambda: world.exits("web", 256))) == (
        Fault.SPAWN_ERROR,
        "SPAWN_ERROR: web",
    )


def test_a_start_that_somebody_stops_is_an_abnormal_termination(world: World, processes: Processes) -> None:
    stop = lambda: world.engine.groups["web"].processes["web"].feed(Stop())  # noqa: E731
    fault, _ = fault_of(lambda: run(lambda: processes.start("web"), stop))
    assert fault is Fault.ABNORMAL_TERMINATION


def test_stop_waits_and_says_whom_it_waits_for(world: World, processes: Processes) -> None:
    run(lambda: processes.start("web", wait=False))
    result = run(lambda: processes.stop("web"), lambda: world.clock.advance(2), lambda: world.exits("web"))
    assert result is True
    assert world.log.lines.count("INFO waiting for web to stop") == 2
    assert world.clock.armed == 0


def test_stop_faults_and_not_waiting(world: World, processes: Processes) -> None:
    assert fault_of(lambda: run(lambda: processes.stop("web"))) == (Fault.NOT_RUNNING, "NOT_RUNNING: web")
    run(lambda: processes.start("web", wait=False))
    assert run(lambda: processes.stop("web", wait=False)) is True
    assert fault_of(lambda: run(lambda: processes.stop("web")))[0] is Fault.NOT_RUNNING
    run(lambda: processes.start("db", wait=False))
    world.children.kill_error = PermissionError()
    assert fault_of(lambda: run(lambda: processes.stop("db")))[0] is Fault.FAILED


def test_groups_answer_for_each_member(world: World, processes: Processes) -> None:
    world.engine.add_group(group(program("a", start_seconds=0), program("b"), program("c"), name="g"))
    world.children.missing = {"c"}
    world.boot()
    results = run(lambda: processes.stop("g:*"), lambda: [world.exits("g:a"), world.exits("g:b")])
    assert results == [
        {"name": "c", "group": "g", **OK},  # was in BACKOFF: stopped at once
        {"name": "a", "group": "g", **OK},
        {"name": "b", "group": "g", **OK},
    ]
    results = run(lambda: processes.start("g:"), lambda: world.clock.advance(1))
    assert results == [
        {"name": "a", "group": "g", **OK},
        {"name": "c", "group": "g", "status": 20, "description": "NO_FILE: can't find command 'c'"},
        {"name": "b", "group": "g", **OK},
    ]


def test_members_answer_in_order_of_priority(world: World, processes: Processes) -> None:
    world.engine.add_group(group(program("late", priority=9), program("early", priority=3), name="g"))
    world.boot()
    assert [result["name"] for result in processes.signal_group("g", "0")] == ["early", "late"]


def test_all_start_and_stop_in_order_of_priority(world: World, processes: Processes) -> None:
    results = run(processes.start_all, lambda: world.clock.advance(1))
    assert [result["name"] for result in results] == ["db", "web"]  # type: ignore[attr-defined]
    assert run(processes.start_all) == []
    results = run(processes.stop_all, lambda: [world.exits("db"), world.exits("web")])
    assert [result["name"] for result in results] == ["db", "web"]  # type: ignore[attr-defined]


def test_one_that_waits_to_be_restarted_is_stopped_with_the_rest() -> None:
    config = program("loop", start_seconds=0, restart_delay_seconds=30.0)
    world = World(group(config)).boot()
    processes = Processes(world.engine)
    for stop in (processes.stop_all, lambda: processes.stop_group("loop"), lambda: processes.stop("loop")):
        world.exits("loop", 256)
        assert (world.state("loop"), world.clock.armed) == ("EXITED", 1)
        assert run(stop) in (True, [{"name": "loop", "group": "loop", **OK}])
        assert world.clock.armed == 0, "it is not restarted any more"
        run(lambda: processes.start("loop"))


def test_one_of_many_that_fails_while_waited_for_is_told_in_its_place(
    world: World, processes: Processes
) -> None:
    results = run(processes.start_all, lambda: world.exits("db", 256), lambda: world.clock.advance(1))
    assert [result["status"] for result in results] == [50, 80]  # type: ignore[attr-defined]


def test_more_than_a_slice_of_them(world: World, processes: Processes) -> None:
    world.engine.add_group(group(*(program(f"p{n}", start_seconds=0) for n in range(70)), name="g"))
    world.engine.groups["g"]
    assert len(run(lambda: processes.start_group("g"))) == 70  # type: ignore[arg-type]


def test_signals(world: World, processes: Processes) -> None:
    assert fault_of(lambda: processes.signal("web", "HUP")) == (Fault.NOT_RUNNING, "NOT_RUNNING: web")
    run(lambda: processes.start("web", wait=False))
    assert processes.signal("web", "HUP") is True
    assert processes.signal("web:*", "1") == [{"name": "web", "group": "web", **OK}]
    assert processes.signal_all("sigusr1") == [{"name": "web", "group": "web", **OK}]
    assert [signum for _, signum, _ in world.children.kills] == [1, 1, 10]
    assert processes.signal_all("NOPE") == [
        {"name": "web", "group": "web", "status": 11, "description": "BAD_SIGNAL: NOPE"}
    ]
    assert fault_of(lambda: processes.signal("web", "999"))[0] is Fault.BAD_SIGNAL
    world.children.kill_error = PermissionError()
    assert fault_of(lambda: processes.signal("web", "HUP"))[0] is Fault.FAILED


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("TERM", 15), ("sigkill", 9), (" 3 ", 3), ("HUP", 1)])
def test_signal_names(text: str, number: int) -> None:
    assert signal_number(text) == number


@pytest.mark.parametrize("text", ["", "SIG", "-1", "SIG_BLOCK", "TERMS", "SIGSETXID"])
def test_what_is_no_signal(text: str) -> None:
    assert fault_of(lambda: signal_number(text))[0] is Fault.BAD_SIGNAL


def test_stdin(world: World, processes: Processes) -> None:
    assert fault_of(lambda: processes.send_stdin("web", b"x"))[0] is Fault.NOT_RUNNING
    assert fault_of(lambda: processes.send_stdin("web:*", b"x"))[0] is Fault.BAD_NAME
    run(lambda: processes.start("web", wait=False))
    processes.send_stdin("web", b"hello\n")
    assert world.child("web").stdin == [b"hello\n"]
    world.child("web").stdin_closed = True
    assert fault_of(lambda: processes.send_stdin("web", b"x")) == (Fault.NO_FILE, "NO_FILE: web")


def test_a_remote_event_reaches_listeners() -> None:
    world = World(listener("ear", "REMOTE_COMMUNICATION")).boot()
    world.child("ear").says(b"READY\n")
    Processes(world.engine).send_remote_event("kind", "text")
    assert heard(world.child("ear")) == ["REMOTE_COMMUNICATION type:kind\ntext"]


def test_info_has_supervisors_keys_types_and_words(world: World, processes: Processes) -> None:
    start = int(EPOCH)
    assert processes.info("web") == {
        "name": "web", "group": "web", "start": 0, "stop": 0, "now": start, "state": 0, "statename": "STOPPED",
        "spawnerr": "", "exitstatus": 0, "logfile": "/logs/web-stdout---x.log", "stdout_logfile": "/logs/web-stdout---x.log",
        "stderr_logfile": "/logs/web-stderr---x.log", "pid": 0, "description": "Not started",
    }  # fmt: skip
    run(lambda: processes.start("web", wait=False))
    assert processes.info("web")["description"] == ""
    world.clock.advance(90061)
    assert processes.info("web")["description"] == f"pid {world.child('web').pid}, uptime 1 day, 1:01:01"
    world.engine.groups["web"].processes["web"].feed(Stop())
    world.exits("web")
    info = processes.info("web")
    assert info["stop"] == start + 90061
    assert len(str(info["description"])) == len("Nov 15 11:14 PM")
    world.children.refuse = {"web": "cannot exec it"}
    fault_of(lambda: run(lambda: processes.start("web")))
    assert processes.info("web")["description"] == "cannot exec it"
    assert [info["name"] for info in processes.all_info()] == ["db", "web"]
    assert fault_of(lambda: processes.info("web:*"))[0] is Fault.BAD_NAME


def test_nothing_is_started_while_the_daemon_goes_down(world: World, processes: Processes) -> None:
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    assert fault_of(lambda: run(lambda: processes.start("web"))) == (Fault.SHUTDOWN_STATE, "SHUTDOWN_STATE")


def test_a_stop_before_the_turn_to_be_started_came_is_a_stop() -> None:
    world = World(group(program("web")))
    assert run(lambda: Processes(world.engine).stop("web")) is True
    assert world.boot().children.spawned == []


def test_a_stop_is_over_even_if_somebody_starts_it_at_once(world: World, processes: Processes) -> None:
    process = world.engine.groups["web"].processes["web"]
    run(lambda: processes.start("web", wait=False))
    result = run(lambda: processes.stop("web"), lambda: (world.exits("web"), process.feed(Start())))
    assert result is True
    assert world.state("web") == "STARTING"


def test_a_member_that_stops_before_anybody_waits_for_it_is_heard_of(
    world: World, processes: Processes
) -> None:
    members = [program(f"p{n}", start_seconds=0) for n in range(40)]
    world.engine.add_group(group(*members, name="g"))
    world.boot()
    real = world.children.kill

    def kill(pid: int, signum: int, as_group: bool) -> None:
        real(pid, signum, as_group)
        if len(world.children.kills) == 33:  # the operation has let others run once
            world.exits("g:p0")

    world.children.kill = kill  # type: ignore[method-assign]
    rest = [f"g:p{n}" for n in range(1, 40)]
    results = run(lambda: processes.stop_group("g"), lambda: [world.exits(name) for name in rest])
    assert len(results) == 40  # type: ignore[arg-type]


def test_facts_are_supervisors_struct_and_more(world: World, processes: Processes) -> None:
    (one, *_) = processes.all_facts()
    name = f"{one['group']}:{one['name']}"
    assert processes.facts(name) == one
    assert processes.info(name).items() <= one.items()
    past = {key: value for key, value in one.items() if key not in processes.info(name)}
    assert past == {
        "wanted": "down",
        "exit_known": False,
        "adopted": False,
        "spawn_id": "",
        "flapping": False,
        "restarts": 0,
        "restart_count": 0,
        "waiting_for": [],
        "ready": False,
        "health": "",
        "health_since": 0,
        "health_failures": 0,
        "health_answer": "",
        "health_latency_ms": 0.0,
        "status_text": "",
        "schedule": "",
        "schedule_timezone": "",
        "schedule_next": 0,
        "schedule_paused": False,
        "schedule_last_start": 0,
        "schedule_last_end": 0,
        "schedule_outcome": "",
        "schedule_outcome_text": "",
        "left_behind": [],
    }


# Dependencies.


def on_db(name: str, **changes: object) -> GroupConfig:
    return group(program(name, depends_on=(Dependency("db", targets=("db:*",)),), **changes))


def kills(world: World) -> list[str]:
    by_pid = {child.pid: child.request.name for child in world.children.spawned}
    return [by_pid[pid] for pid, _, _ in world.children.kills]


def settle(world: World) -> None:
    world.clock.advance(1)
    world.clock.advance(1)


def test_stop_all_stops_what_depends_on_others_first_and_waits_for_it() -> None:
    world = World(group(program("db")), on_db("web"), group(program("free"))).boot()
    settle(world)
    assert ["db", "free", "web"] == [child.request.name for child in world.children.spawned]
    processes = Processes(world.engine)
    seen: list[list[str]] = []

    def end(*names: str) -> Callable[[], None]:
        def action() -> None:
            seen.append(kills(world))
            for name in names:
                world.exits(name)

        return action

    result = run(processes.stop_all, end("free"), end("web"), end("db"))
    assert seen == [["web", "free"], ["web", "free"], ["web", "free", "db"]]
    assert [(item["name"], item["status"]) for item in result] == [  # type: ignore[attr-defined]
        ("web", 80),
        ("free", 80),
        ("db", 80),
    ]


def test_stop_all_without_waiting_keeps_the_order_too() -> None:
    world = World(group(program("db")), on_db("web")).boot()
    settle(world)
    processes = Processes(world.engine)

    async def main() -> None:
        assert len(await processes.stop_all(wait=False)) == 2
        for _ in range(5):
            await asyncio.sleep(0)
        assert kills(world) == ["web"]
        world.exits("web")
        for _ in range(5):
            await asyncio.sleep(0)
        assert kills(world) == ["web", "db"]
        world.exits("db")
        for _ in range(5):
            await asyncio.sleep(0)

    asyncio.run(main())
    assert (world.state("web"), world.state("db")) == ("STOPPED", "STOPPED")


def test_what_ends_by_itself_before_its_wave_is_no_error() -> None:
    world = World(group(program("db", autorestart=Autorestart.NEVER)), on_db("web")).boot()
    settle(world)
    processes = Processes(world.engine)

    def end() -> None:
        world.exits("db")
        world.exits("web")

    result = run(processes.stop_all, end)
    assert [item["status"] for item in result] == [80, 80]  # type: ignore[attr-defined]


def test_a_start_takes_its_dependencies_along_and_waits_for_all() -> None:
    world = World(group(program("db", autostart=False)), on_db("web", autostart=False)).boot()
    processes = Processes(world.engine)
    assert run(lambda: processes.start("web"), lambda: world.clock.advance(1), lambda: world.clock.advance(1))
    assert (world.state("db"), world.state("web")) == ("RUNNING", "RUNNING")


def test_a_start_that_waits_for_what_never_comes_is_answered() -> None:
    world = World(
        group(program("db", start_retries=0, autostart=False)), on_db("web", autostart=False)
    ).boot()
    processes = Processes(world.engine)

    def fail() -> None:
        world.clock.advance()
        world.exits("db", 1 << 8)
        world.clock.advance()

    fault, _ = fault_of(lambda: run(lambda: processes.start("web"), fail))
    assert fault is Fault.ABNORMAL_TERMINATION
    assert world.state("web") == "STARTING", "it goes on waiting"
    assert processes.info("web")["description"] == "waiting for db (running; FATAL)"  # type: ignore[index]
    assert processes.facts("web")["waiting_for"] == [
        {"name": "db", "condition": "running", "trouble": "FATAL"}
    ]
    assert fault_of(lambda: run(lambda: processes.start("web")))[0] is Fault.ALREADY_STARTED
    assert fault_of(lambda: processes.signal("web", "HUP"))[0] is Fault.NOT_RUNNING
    assert run(lambda: processes.stop("web")) is True
    assert world.state("web") == "STOPPED"


def test_a_schedule_is_paused_where_there_is_one() -> None:
    world = World(group(program("job", schedule="@daily")), group(program("web"))).boot()
    processes = Processes(world.engine)
    processes.set_schedule("job", False)
    assert processes.facts("job")["schedule_paused"] is True
    processes.set_schedule("job", True)
    assert processes.facts("job")["schedule_paused"] is False
    with pytest.raises(VigilError, match="FAILED: web has no schedule"):
        processes.set_schedule("web", False)
    with pytest.raises(VigilError, match="BAD_NAME"):
        processes.set_schedule("nobody", False)
    world = World(group(program("web"))).boot()
    with pytest.raises(VigilError, match="no schedule"):
        Processes(world.engine).set_schedule("web", False)
