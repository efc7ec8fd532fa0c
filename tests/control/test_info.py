"""Numbers and words that clients are told."""

from support.fakes import World, group, program
from vigild.control.info import capped, config_info, describe, process_facts
from vigild.core.process import Autorestart, Process
from vigild.core.states import ProcessState, SupervisorState


def test_times_after_2038_do_not_overflow_xml_rpc() -> None:
    assert (capped(2**31 + 5.5), capped(-(2.0**40)), capped(17.9)) == (2**31 - 1, -(2**31), 17)


def test_descriptions_without_an_error_text_and_with_a_clock_set_back() -> None:
    world = World(group(program("w", autostart=False))).boot()
    process = world.engine.groups["w"].processes["w"]
    process.process = Process(state=ProcessState.FATAL)
    assert describe(process, 0.0) == 'unknown error (try "tail w")'
    process.process = Process(state=ProcessState.RUNNING, pid=5)
    process.started_wall = 100.0
    assert describe(process, 50.0) == "pid 5, uptime 0:00:00"
    process.process = Process(state=ProcessState.STOPPING)
    assert describe(process, 50.0) == ""


def test_one_that_is_remembered_as_stopped_says_since_when() -> None:
    world = World(group(program("w", autostart=False))).boot()
    process = world.engine.groups["w"].processes["w"]
    assert describe(process, 0.0) == "Not started"
    process.remembered_wall = 1_700_000_000.0
    words = describe(process, 0.0)
    assert words.startswith("Not started: stopped by an operator on Nov 1")
    assert words.endswith("M, remembered")


def test_config_info_of_one_that_does_not_run() -> None:
    config = program("w", directory="/d", uid=33)
    info = config_info(config, group(config), None, in_use=False)
    assert (info["inuse"], info["uid"], info["directory"], info["stdout_logfile"]) == (
        False,
        33,
        "/d",
        "auto",
    )


def described(world: World) -> str:
    return describe(world.engine.groups["w"].processes["w"], world.clock.wall())


def test_a_flapping_process_is_told_with_when_it_is_restarted() -> None:
    config = program("w", start_seconds=0, autorestart=Autorestart.ALWAYS, flapping=(2, 10))
    world = World(group(config)).boot()
    world.exits("w")
    assert described(world) == "pid 101, uptime 0:00:00", (
        "the words of Supervisor, as long as it does not flap"
    )
    world.exits("w")
    world.exits("w")
    assert world.state("w") == "EXITED"
    assert described(world).endswith("M, restarting in 1s (flapping)")
    world.clock.advance(1)
    assert described(world) == "pid 103, uptime 0:00:00 (flapping)"
    world.exits("w")
    world.clock.advance(0.5)
    assert described(world).endswith(", restarting in 2s (flapping)")
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    assert described(world).endswith("M"), "nothing is restarted any more"


def test_a_failed_start_tells_when_it_is_tried_again_where_a_delay_is_configured() -> None:
    for options, words in (
        ({}, ""),
        ({"restart_delay_seconds": 5.0}, ", restarting in 5s"),
        ({"start_retries": -1}, ", restarting in 1s"),
    ):
        config = program("w", **options)
        world = World(group(config)).boot()
        world.exits("w")
        assert world.state("w") == "BACKOFF"
        assert described(world) == "Exited too quickly (process log may have details)" + words


def test_a_flapping_process_that_starts_or_is_given_up_is_told_as_supervisor_does() -> None:
    world = World(group(program("w", autostart=False))).boot()
    process = world.engine.groups["w"].processes["w"]
    for state, words in ((ProcessState.STARTING, ""), (ProcessState.FATAL, "x")):
        process.process = Process(state=state, flapping=True, spawn_error="x")
        assert describe(process, 0.0) == words


def test_what_a_process_left_behind_is_told_after_the_usual_words() -> None:
    world = World(group(program("web", autorestart=Autorestart.NEVER)))
    world.table.gets_orphans = True
    world.boot()
    world.clock.advance(10)
    world.table.add(300, spawn_id="spawn-1", name="helper")
    world.exits("web")
    process = world.engine.groups["web"].processes["web"]
    assert process_facts(process, 0)["left_behind"] == []
    world.clock.advance(1)
    assert describe(process, 0).endswith("; left behind: 1 process (300 helper)")
    assert process_facts(process, 0)["left_behind"] == [{"pid": 300, "name": "helper"}]
