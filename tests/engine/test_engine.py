"""Groups of processes from start to end, on fake ports and a clock that is advanced by hand."""

import pytest

from support.events import heard
from support.fakes import World, group, listener, program
from vigild.config.model import AUTO, FcgiSocketConfig, StreamConfig
from vigild.core.process import Autorestart, SendSignal, Start, Stop
from vigild.core.restarts import OnFlapping
from vigild.core.states import SupervisorState

SHUTDOWN, RESTARTING = SupervisorState.SHUTDOWN, SupervisorState.RESTARTING
SIGTERM = 15


def end(world: World) -> list[str]:
    done: list[str] = []
    world.engine.stop_everything(SHUTDOWN, lambda: done.append("done"))
    return done


def test_autostart_starts_and_the_rest_waits_for_an_order() -> None:
    world = World(group(program("web")), group(program("job", autostart=False))).boot()
    assert (world.state("web"), world.state("job")) == ("STARTING", "STOPPED")
    world.clock.advance(1)
    assert world.state("web") == "RUNNING"
    assert world.clock.armed == 0, "an idle engine waits for nothing"
    assert "INFO spawned: 'web' with pid 100" in world.log.lines
    assert world.log.lines[-1] == (
        "INFO success: web entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"
    )


def test_a_crash_is_followed_by_a_new_child_at_once() -> None:
    world = World(group(program("web"))).boot()
    world.clock.advance(1)
    first = world.child("web")
    world.exits("web", 9)
    assert first.finished
    assert world.child("web").pid != first.pid
    assert world.state("web") == "STARTING"
    assert "WARN exited: web (terminated by SIGKILL; not expected)" in world.log.lines


def test_failed_starts_back_off_and_end_in_fatal() -> None:
    world = World(group(program("web", start_retries=1))).boot()
    world.exits("web", 256)
    assert world.state("web") == "BACKOFF"
    world.clock.advance(1)
    assert world.state("web") == "STARTING"
    world.exits("web", 256)
    assert world.state("web") == "FATAL"
    assert world.log.lines[-2:] == [
        "WARN exited: web (exit status 1; not expected)",
        "INFO gave up: web entered FATAL state, too many start retries too quickly",
    ]


def test_a_program_that_cannot_be_found_or_spawned_says_so() -> None:
    world = World(group(program("ghost")), group(program("mute")))
    world.children.missing = {"ghost"}
    world.children.refuse = {"mute": "cannot exec mute: Exec format error"}
    world.boot()
    assert (world.state("ghost"), world.state("mute")) == ("BACKOFF", "BACKOFF")
    assert "INFO spawnerr: can't find command 'ghost'" in world.log.lines
    assert "INFO spawnerr: cannot exec mute: Exec format error" in world.log.lines


def test_children_know_who_they_are() -> None:
    config = group(program("w", environment={"A": "1"}, redirect_stderr=True), name="g")
    world = World(config)
    world.engine.settings.base_environment = {"PATH": "/bin", "A": "0"}
    world.engine.settings.server_url = "unix:///s"
    request = world.boot().child("g:w").request
    assert request.environment == {
        "PATH": "/bin",
        "SUPERVISOR_ENABLED": "1",
        "SUPERVISOR_SERVER_URL": "unix:///s",
        "SUPERVISOR_PROCESS_NAME": "w",
        "SUPERVISOR_GROUP_NAME": "g",
        "A": "1",
        "VIGIL_SPAWN_ID": request.spawn_id,
    }
    assert request.spawn_id
    assert request.stderr is None
    assert request.stdout.logfile == "/logs/w-stdout---x.log"


def test_json_names_the_program_as_people_do_and_takes_the_place_of_prefix_and_time() -> None:
    dressed = program("w_0", log_format="json", log_prefix="[w] ", log_timestamps=True)
    world = World(group(dressed, name="w"), group(program("plain", log_format="json"))).boot()
    out, err = world.child("w:w_0").request.stdout, world.child("w:w_0").request.stderr
    assert err is not None
    assert ("w:w_0", b"", False) == (out.json_program, out.line_prefix, out.line_timestamps)
    assert "w:w_0" == err.json_program
    assert "plain" == world.child("plain").request.stdout.json_program


def test_streams_are_planned_as_configured() -> None:
    stdout = StreamConfig(
        logfile="/l", logfile_max_bytes=5, logfile_backups=2, syslog=True, capture_max_bytes=9
    )
    stderr = StreamConfig(logfile=None)
    world = World(
        group(program("w", stdout=stdout, stderr=stderr, log_prefix="[w] ", log_timestamps=True))
    ).boot()
    request = world.child("w").request
    out = request.stdout
    assert (out.logfile, out.max_bytes, out.backups, out.syslog_tag) == ("/l", 5, 2, "w")
    assert (out.capture_max_bytes, out.line_prefix, out.line_timestamps, out.on_data) == (
        9,
        b"[w] ",
        True,
        None,
    )
    assert request.stderr is not None
    assert request.stderr.logfile is None
    assert AUTO is not None


def test_a_log_file_that_cannot_be_made_is_told_and_the_program_runs() -> None:
    world = World(group(program("web")))
    world.logs.broken = True
    world.boot()
    assert world.state("web") == "STARTING"
    assert world.log.lines[0].startswith("CRIT cannot make a log file for web: Permission denied (/logs)")


def test_output_goes_to_the_main_log_when_asked_for() -> None:
    world = World(group(program("web")))
    world.engine.settings.output_to_main_log = True
    world.boot().child("web").says(b"caf\xc3\xa9 \xff\n")
    assert "DEBG 'web' stdout output:\ncafé �\n" in world.log.lines


def test_many_programs_are_started_in_slices_so_that_others_are_served() -> None:
    world = World(*(group(program(f"p{n}")) for n in range(40)))
    world.engine.start_slice()
    assert 0 < len(world.children.spawned) < 40
    world.boot()
    assert len(world.children.spawned) == 40


def test_stop_kills_after_stopwaitsecs() -> None:
    world = World(group(program("web", stop_wait_seconds=3))).boot()
    process = world.engine.groups["web"].processes["web"]
    process.feed(Stop())
    assert world.children.kills == [(100, SIGTERM, False)]
    world.clock.advance(3)
    assert world.children.kills[-1] == (100, 9, False)
    assert "WARN killing 'web' (100) with SIGKILL" in world.log.lines
    world.exits("web", 9)
    assert world.state("web") == "STOPPED"
    assert world.log.lines[-1] == "WARN stopped: web (terminated by SIGKILL)"
    assert world.clock.armed == 0


def test_signalling_one_that_is_gone_is_no_trouble_but_a_refusal_is() -> None:
    world = World(group(program("web"))).boot()
    process = world.engine.groups["web"].processes["web"]
    world.children.kill_error = ProcessLookupError()
    assert process.feed(SendSignal(1)) is None
    assert world.state("web") == "STARTING"
    world.children.kill_error = PermissionError(1, "Operation not permitted")
    process.feed(SendSignal(1))
    assert world.state("web") == "UNKNOWN"
    assert any(line.startswith("CRIT cannot send SIGHUP to web") for line in world.log.lines)


def test_groups_end_by_priority_highest_first_and_equals_together() -> None:
    world = World(
        group(program("db"), priority=1), group(program("a"), priority=9), group(program("b"), priority=9)
    ).boot()
    done = end(world)
    a, b, db = (world.child(name).pid for name in ("a", "b", "db"))
    assert {pid for pid, _, _ in world.children.kills} == {a, b}
    world.exits("a")
    assert not done
    world.exits("b")
    assert world.children.kills[-1] == (db, SIGTERM, False)
    world.exits("db")
    assert done == ["done"]
    assert world.clock.armed == 0


def test_within_a_group_members_are_signalled_by_priority_without_waiting() -> None:
    world = World(group(program("x", priority=1), program("y", priority=2), name="g")).boot()
    end(world)
    assert [pid for pid, _, _ in world.children.kills] == [world.child("g:y").pid, world.child("g:x").pid]


def test_nothing_starts_while_everything_ends() -> None:
    world = World(group(program("web", autorestart="true")), group(program("slow"), priority=1)).boot()
    world.clock.advance(1)
    done = end(world)
    world.exits("slow", 256)  # crashes before its turn has come
    assert world.state("slow") == "EXITED"
    world.exits("web")
    assert done == ["done"]


def test_who_is_waited_for_at_the_end_is_told_again_and_again() -> None:
    world = World(group(program("web", stop_wait_seconds=100))).boot()
    end(world)
    world.clock.advance(7)
    assert world.log.lines.count("INFO waiting for web to die") == 3


def test_one_that_cannot_be_killed_does_not_hold_up_the_end() -> None:
    world = World(group(program("web"))).boot()
    done = end(world)
    world.children.kill_error = PermissionError(1, "no")
    world.clock.advance(20)
    assert world.state("web") == "UNKNOWN"
    assert done == ["done"]


def test_with_nothing_running_the_end_comes_at_once_and_shutdown_outranks_restart() -> None:
    world = World()
    done: list[str] = []
    world.engine.stop_everything(RESTARTING, lambda: done.append("restart"))
    world.engine.stop_everything(SHUTDOWN, lambda: done.append("shutdown"))
    assert done == ["restart"]
    assert world.engine.mood is SHUTDOWN


def test_groups_come_and_go() -> None:
    world = World(listener("ear", "PROCESS_GROUP")).boot()
    ear = world.child("ear")
    ear.says(b"READY\n")
    ear.says(b"RESULT 2\nOKREADY\n")
    assert world.engine.add_group(group(program("web")))
    assert not world.engine.add_group(group(program("web")))
    world.boot()
    assert not world.engine.remove_group("web"), "still running"
    world.engine.groups["web"].processes["web"].feed(Stop())
    world.exits("web")
    ear.says(b"RESULT 2\nOKREADY\n")
    assert world.engine.remove_group("web")
    assert heard(ear) == [
        "PROCESS_GROUP_ADDED groupname:ear",
        "PROCESS_GROUP_ADDED groupname:web",
        "PROCESS_GROUP_REMOVED groupname:web",
    ]
    assert world.children.closed_logs == ["stdout", "stderr"]
    with pytest.raises(KeyError):
        world.engine.remove_group("web")


def test_a_stranger_is_reaped_quietly() -> None:
    world = World()
    world.engine.child_died(4242, 256)
    assert world.log.lines == ["DEBG reaped unknown pid 4242 (exit status 1)"]


def test_fcgi_members_share_a_socket_that_is_released_by_each() -> None:
    config = group(
        program("f1"), program("f2"), name="f", socket=FcgiSocketConfig("tcp://h:1", host="h", port=1)
    )
    world = World(config).boot()
    assert world.child("f:f1").request.stdin_fd == 55
    assert world.sockets.held == {"f": 2}
    world.exits("f:f1", 0)
    assert world.sockets.held == {"f": 1}
    world.sockets.error = OSError(98, "Address already in use")
    world.clock.advance(5)
    assert "INFO spawnerr: cannot listen on tcp://h:1: Address already in use" in world.log.lines
    world.sockets.error = None
    world.children.refuse = {"f1": "no"}
    world.clock.advance(5)
    assert world.sockets.held == {"f": 1}, "a failed spawn keeps no hold"


def test_start_after_stop_needs_the_old_one_gone() -> None:
    world = World(group(program("web"))).boot()
    process = world.engine.groups["web"].processes["web"]
    process.feed(Stop())
    assert process.feed(Start()) is not None
    assert len(world.children.spawned) == 1


def test_what_has_left_the_configuration_cannot_be_started_any_more() -> None:
    world = World()
    world.engine.add_group(group(program("web")))
    process = world.engine.groups["web"].processes["web"]
    assert world.engine.remove_group("web"), "before its turn to be started came"
    world.boot()
    assert process.feed(Start()) is not None
    assert world.children.spawned == []


def test_a_group_that_is_removed_while_a_restart_is_awaited_leaves_no_alarm() -> None:
    world = World(group(program("web", start_seconds=0, restart_delay_seconds=30.0))).boot()
    world.exits("web", 256)
    assert (world.state("web"), world.clock.armed) == ("EXITED", 1)
    assert world.engine.remove_group("web")
    assert world.clock.armed == 0


def test_a_crash_loop_can_be_given_up() -> None:
    config = program("web", start_seconds=0, flapping=(2, 10), on_flapping=OnFlapping.FATAL)
    world = World(group(config)).boot()
    for _ in range(3):
        world.exits("web", 256)
    assert (world.state("web"), world.clock.armed) == ("FATAL", 0)
    assert world.log.lines[-2:] == [
        "WARN flapping: web had 2 restarts within 10 seconds; it is given up",
        "INFO gave up: web entered FATAL state, it was flapping",
    ]


def test_a_crash_loop_is_slowed_down_and_told_of() -> None:
    config = group(program("web", start_seconds=0, autorestart=Autorestart.ALWAYS))
    world = World(config, listener("ears", "PROCESS_FLAPPING", "PROCESS_FLAPPING_CLEARED")).boot()
    ears = world.child("ears")
    ears.says(b"READY\n")
    for _ in range(11):
        world.exits("web")
    count = len(world.children.spawned)
    assert (world.state("web"), count) == ("EXITED", 12)
    assert heard(ears)[-1] == (
        "PROCESS_FLAPPING processname:web groupname:web from_state:EXITED "
        "restarts:10 window_seconds:60 action:backoff"
    )
    words = "flapping: web had 10 restarts within 60 seconds; restarts wait from now on, 1s at first and longer each time"
    assert f"WARN {words}" in world.log.lines
    world.clock.advance(1)
    assert (world.state("web"), len(world.children.spawned)) == ("RUNNING", count + 1)
    ears.says(b"RESULT 2\nOKREADY\n")
    world.clock.advance(60)
    assert heard(ears)[-1] == (
        "PROCESS_FLAPPING_CLEARED processname:web groupname:web from_state:RUNNING reason:quiet"
    )
    assert "INFO flapping is over: web has stayed up" in world.log.lines
    assert world.clock.armed == 0
