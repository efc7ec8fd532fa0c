"""Who waits, who is let go, who is restarted, and in which order all of it ends: on fake ports."""

import pytest

from engine.test_adoption import next_life
from support.fakes import FakeStops, World, group, program
from vigild.config.model import Autorestart, Condition, Dependency, GroupConfig, KillMode
from vigild.control.info import describe
from vigild.core.adoption import Fate
from vigild.core.process import Start, Stop
from vigild.core.states import SupervisorState
from vigild.core.stop_marks import Cause, StopMark
from vigild.engine.ports import Remains
from vigild.engine.records import PROCESS, decode_record


def on(*words: str) -> tuple[Dependency, ...]:
    """`db`, `db:completed`, `g:*` (`g:a` is not needed here)."""
    found = []
    for word in words:
        name, _, last = word.partition("=")
        group_name, _, process = name.partition(":")
        condition = Condition(last) if last else Condition.RUNNING
        found.append(Dependency(name, condition, (f"{group_name}:{process or group_name}",)))
    return tuple(found)


def spawned(world: World) -> list[str]:
    return [child.request.name for child in world.children.spawned]


def ends(world: World, name: str, wait_status: int = 0) -> None:
    world.exits(name, wait_status)
    world.clock.advance()


def described(world: World, name: str) -> str:
    return describe(world._process(name), world.clock.wall())


def feed(world: World, name: str, order: object) -> None:
    world._process(name).feed(order)
    world.clock.advance()


DB, WEB = group(program("db")), group(program("web", depends_on=on("db")))


def test_what_waits_is_spawned_the_moment_its_dependency_runs() -> None:
    world = World(WEB, DB).boot()
    assert spawned(world) == ["db"]
    assert (world.state("web"), world._process("web").process.pid) == ("STARTING", 0)
    assert described(world, "web") == "waiting for db (running)"
    assert "INFO waiting: 'web' for db (running)" in world.log.lines
    world.clock.advance(0.99)
    assert spawned(world) == ["db"]
    world.clock.advance(0.01)
    assert spawned(world) == ["db", "web"]
    assert described(world, "web") == ""
    world.clock.advance(1)
    assert world.state("web") == "RUNNING", "startsecs counts from the spawn"
    assert world.clock.armed == 0


def test_nobody_looks_at_dependencies_where_there_are_none() -> None:
    world = World(DB).boot()
    assert not world.engine.dependencies.is_used
    world.clock.advance(1)
    assert world.clock.armed == 0


@pytest.mark.parametrize(
    ("condition", "after"), [("started", 0.0), ("running", 1.0), ("ready", 1.0), ("healthy", 1.0)]
)
def test_each_condition_is_waited_for(condition: str, after: float) -> None:
    world = World(group(program("web", depends_on=on(f"db={condition}"))), DB).boot()
    if after:
        assert spawned(world) == ["db"]
        assert described(world, "web") == f"waiting for db ({condition})"
    world.clock.advance(after)
    assert spawned(world) == ["db", "web"]


def test_completed_is_an_expected_exit() -> None:
    job = group(program("migrate", start_seconds=0))
    world = World(job, DB, group(program("web", depends_on=on("db", "migrate=completed")))).boot()
    assert described(world, "web") == "waiting for db (running), migrate (completed)"
    world.clock.advance(1)
    assert described(world, "web") == "waiting for migrate (completed)"
    ends(world, "migrate")
    assert spawned(world)[-1] == "web"


def test_readiness_without_a_move_is_told_by_the_process() -> None:
    world = World(DB, WEB).boot()
    db = world._process("db")
    db.process = type(db.process)(**{**_fields(db.process), "state": type(db.state).RUNNING})
    db.tell_dependants()
    world.clock.advance()
    assert spawned(world) == ["db", "web"]


def _fields(process: object) -> dict[str, object]:
    return {name: getattr(process, name) for name in type(process).__slots__}  # type: ignore[attr-defined]


def test_an_exit_that_nobody_expected_is_said_once_and_waited_through() -> None:
    job = group(program("migrate", start_seconds=0, autorestart=Autorestart.NEVER))
    world = World(job, group(program("web", depends_on=on("migrate=completed")))).boot()
    ends(world, "migrate", 3 << 8)
    assert described(world, "web") == "waiting for migrate (completed; exited with status 3)"
    feed(world, "migrate", Start())
    assert described(world, "web") == "waiting for migrate (completed)"
    ends(world, "migrate")
    assert spawned(world)[-1] == "web"
    stuck = [line for line in world.log.lines if "goes on waiting" in line]
    assert stuck == ["WARN 'web' goes on waiting for migrate (completed; exited with status 3)"]


def test_one_that_was_given_up_is_said() -> None:
    world = World(group(program("db", start_retries=0)), WEB).boot()
    ends(world, "db", 1 << 8)
    assert world.state("db") == "FATAL"
    assert described(world, "web") == "waiting for db (running; FATAL)"
    assert world.engine.dependencies.is_stuck(world._process("web"))
    feed(world, "web", Stop())
    assert not world.engine.dependencies.is_stuck(world._process("web"))


def test_a_stop_ends_the_wait() -> None:
    world = World(WEB, DB).boot()
    feed(world, "web", Stop())
    assert world.state("web") == "STOPPED"
    world.clock.advance(5)
    assert spawned(world) == ["db"]
    assert world.engine.dependencies.unmet(world._process("web")) == []
    assert "INFO stopped: web (no process was running)" in world.log.lines


def test_a_restart_by_itself_waits_as_well() -> None:
    world = World(DB, WEB).boot()
    world.clock.advance(3)
    feed(world, "db", Stop())
    ends(world, "db")
    ends(world, "web", 1 << 8)
    assert described(world, "web") == "waiting for db (running; STOPPED)"
    assert world.state("db") == "STOPPED", "somebody stopped it"
    feed(world, "db", Start())
    world.clock.advance(1)
    assert world.state("web") == "STARTING"
    assert spawned(world) == ["db", "web", "db", "web"]


def test_all_processes_of_a_group_count() -> None:
    many = group(*(program(f"w{number}") for number in range(3)), name="w")
    world = World(many, group(program("web", depends_on=on("w:*")))).boot()
    for name in ("w:w1", "w:w0"):
        ends(world, name, 1 << 8)  # back in a second
    world.clock.advance(1.5)
    assert [world.state(f"w:w{number}") for number in range(3)] == ["STARTING", "STARTING", "RUNNING"]
    assert world.state("web") == "STARTING"
    assert "web" not in spawned(world)
    world.clock.advance(1)
    assert "web" in spawned(world)


def test_a_start_takes_along_what_it_needs_unless_that_was_stopped_by_hand() -> None:
    world = World(
        group(program("disk", autostart=False)),
        group(program("db", autostart=False, depends_on=on("disk"))),
        group(program("web", autostart=False, depends_on=on("db"))),
    ).boot()
    assert spawned(world) == []
    web = world._process("web")
    web.feed(Start())
    world.engine.dependencies.pull(web)
    world.clock.advance()
    assert spawned(world) == ["disk"]
    world.clock.advance(1)
    assert spawned(world) == ["disk", "db"]
    world.clock.advance(1)
    assert spawned(world) == ["disk", "db", "web"]
    for name in ("web", "db"):
        feed(world, name, Stop())
        ends(world, name)
    web.feed(Start())
    world.engine.dependencies.pull(web)
    world.clock.advance()
    assert described(world, "web") == "waiting for db (running; STOPPED)"


def test_the_start_of_the_daemon_takes_along_what_is_not_started_by_itself() -> None:
    world = World(WEB, group(program("db", autostart=False))).boot()
    assert spawned(world) == ["db"]


def test_what_is_remembered_as_stopped_stays_so() -> None:
    stops = FakeStops({"db": StopMark(Cause.HAND, 1.0)})
    world = World(group(program("db", remember=True)), WEB, stops=stops)
    world.engine.remembered.forget_others(world.engine.all_processes())
    world.boot()
    assert spawned(world) == []
    assert described(world, "web") == "waiting for db (running; STOPPED)"


def test_many_are_let_go_in_slices() -> None:
    many = group(*(program(f"w{number}", depends_on=on("db")) for number in range(40)), name="w")
    world = World(DB, many).boot()
    world.clock.advance(1)
    assert len(spawned(world)) == 41


def restarting(**changes: object) -> GroupConfig:
    return group(program("web", depends_on=on("db"), restart_with_dependency=True, **changes))


def test_one_that_asks_for_it_is_restarted_with_its_dependency() -> None:
    world = World(DB, restarting(), group(program("calm", depends_on=on("db")))).boot()
    world.clock.advance(5)
    assert spawned(world) == ["db", "web", "calm"]
    ends(world, "db", 9)
    assert (world.state("db"), world.state("web")) == ("STARTING", "RUNNING")
    world.clock.advance(1)
    assert (world.state("web"), world.state("calm")) == ("STOPPING", "RUNNING")
    assert "INFO restarting 'web' with what it depends on" in world.log.lines
    ends(world, "web", 15)
    assert world.state("web") == "STARTING"
    world.clock.advance(10)
    assert spawned(world) == ["db", "web", "calm", "db", "web"], "once"
    assert (world.state("web"), world.clock.armed) == ("RUNNING", 0)


def test_a_stop_while_it_is_being_restarted_is_a_stop() -> None:
    world = World(DB, restarting()).boot()
    world.clock.advance(5)
    ends(world, "db", 9)
    world.clock.advance(1)
    feed(world, "web", Stop())
    ends(world, "web", 15)
    assert world.state("web") == "STOPPED"


def test_a_stop_of_a_dependency_stops_nobody_else() -> None:
    world = World(DB, restarting()).boot()
    world.clock.advance(5)
    feed(world, "db", Stop())
    ends(world, "db")
    world.clock.advance(5)
    assert (world.state("db"), world.state("web")) == ("STOPPED", "RUNNING")


def test_all_dependencies_are_waited_for_before_a_restart() -> None:
    cache = group(program("cache"))
    web = group(program("web", depends_on=on("db", "cache"), restart_with_dependency=True))
    world = World(DB, cache, web).boot()
    world.clock.advance(5)
    ends(world, "db", 9)
    world.clock.advance(0.5)
    ends(world, "cache", 9)
    world.clock.advance(0.5)
    assert (world.state("db"), world.state("web")) == ("RUNNING", "RUNNING")
    world.clock.advance(0.5)
    assert world.state("web") == "STOPPING"


# The end.


def kills(world: World) -> list[str]:
    """Who was told to stop, in order."""
    by_pid = {child.pid: child.request.name for child in world.children.spawned}
    return [by_pid[pid] for pid, _, _ in world.children.kills]


def test_dependants_end_first_and_are_waited_for() -> None:
    done: list[bool] = []
    world = World(
        group(program("db"), priority=900),
        group(program("web", depends_on=on("db")), priority=1),
        group(program("free")),
    ).boot()
    world.clock.advance(3)
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: done.append(True))
    assert kills(world) == ["free"], "the highest priority first, as ever"
    ends(world, "free")
    assert kills(world) == ["free", "web"]
    ends(world, "web")
    assert kills(world) == ["free", "web", "db"]
    assert done == []
    ends(world, "db")
    assert done == [True]


def test_the_end_does_not_wait_for_who_waits() -> None:
    done: list[bool] = []
    world = World(group(program("db", start_retries=0)), WEB).boot()
    ends(world, "db", 1 << 8)
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: done.append(True))
    assert (done, world.state("web")) == ([True], "STOPPED")


def test_nobody_is_let_go_while_all_ends() -> None:
    world = World(WEB, DB).boot()
    world.clock.advance(1 - 1e-9)
    world._process("db").feed(_started())
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    world.clock.advance(1)
    assert spawned(world) == ["db"]


def _started() -> object:
    from vigild.core.process import Alarm, AlarmRang

    return AlarmRang(Alarm.STARTED)


# Groups come and go.


def test_a_removed_dependency_is_warned_of_and_waited_for() -> None:
    world = World(DB, WEB).boot()
    world.clock.advance(3)
    feed(world, "db", Stop())
    ends(world, "db")
    assert world.engine.remove_group("db")
    assert any("WARN db is removed, but web depends on it" in line for line in world.log.lines)
    ends(world, "web", 1 << 8)
    assert described(world, "web") == "waiting for db (running; not configured)"
    world.engine.add_group(DB)
    world.clock.advance(1)
    assert spawned(world)[-2:] == ["db", "web"]


def test_a_removed_dependant_is_forgotten() -> None:
    world = World(WEB, DB).boot()
    feed(world, "web", Stop())
    assert world.engine.remove_group("web")
    world.clock.advance(3)
    feed(world, "db", Stop())
    ends(world, "db")
    assert world.engine.remove_group("db")
    assert not any("depends on it" in line for line in world.log.lines)


def test_an_empty_group_keeps_nobody() -> None:
    world = World(group(name="w"), group(program("web", depends_on=on("w:*")))).boot()
    assert spawned(world) == ["web"]


def test_groups_that_wait_for_one_another_after_a_change_still_end() -> None:
    done: list[bool] = []
    world = World(group(program("a", depends_on=on("b"))), group(program("b", depends_on=on("a")))).boot()
    assert spawned(world) == []
    world.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: done.append(True))
    assert done == [True]


# Another daemon goes on.


def test_one_that_waits_waits_on_and_is_not_spawned() -> None:
    old = World(WEB, DB).boot()
    assert decode_record(old.journal.entries[PROCESS]["web"]).process.waiting
    new, adoption = next_life(old, WEB, DB)
    assert adoption.outcomes["web"] is Fate.WAIT
    assert (spawned(new), world_description(new)) == ([], "waiting for db (running)")
    new.clock.advance(1)
    assert spawned(new) == ["web"]


def world_description(world: World) -> str:
    return described(world, "web")


def test_one_that_waited_for_what_is_done_is_spawned_by_the_next() -> None:
    job = group(program("job", start_seconds=0))
    web = group(program("web", depends_on=on("job=completed")))
    old = World(job, web).boot()
    old.exits("job")  # and the daemon dies before it looks again
    new, _ = next_life(old, job, web)
    assert spawned(new) == ["web"]


def test_one_that_need_not_wait_any_more_is_spawned_by_the_next() -> None:
    old = World(WEB, DB).boot()
    new, _ = next_life(old, group(program("web")), DB)
    assert spawned(new) == ["web"]


def test_leftovers_of_an_earlier_run_are_not_taken_for_the_one_that_waits() -> None:
    old = World(DB, WEB).boot()
    old.clock.advance(3)
    feed(old, "db", Stop())
    ends(old, "db")
    ends(old, "web", 1 << 8)
    new, adoption = next_life(old, DB, WEB)
    assert adoption.outcomes["web"] is Fate.WAIT
    assert (new.state("web"), new._process("web").process.pid) == ("STARTING", 0)


def test_a_restart_with_a_dependency_goes_on_over_a_crash() -> None:
    old = World(DB, restarting()).boot()
    old.clock.advance(5)
    ends(old, "db", 9)
    new, _ = next_life(old, DB, restarting())
    new.clock.advance(1)
    assert new.state("web") == "STOPPING", "the next daemon sees that it is older"
    last, _ = next_life(new, DB, restarting())
    last.engine.child_died(last._process("web").process.pid, None)
    last.clock.advance()
    assert (last.state("web"), spawned(last)) == ("STARTING", ["web"])


def test_a_tree_that_is_being_ended_while_it_waits_is_not_spawned_by_the_next() -> None:
    web = group(program("web", depends_on=on("db"), kill_mode=KillMode.TREE))
    old = World(DB, web).boot()
    old.clock.advance(3)
    feed(old, "db", Stop())
    ends(old, "db")
    old.exits("web", 1 << 8)
    assert old._process("web").process.waiting
    assert old._process("web").process.ending
    new, _ = next_life(old, DB, web)
    new.clock.advance(5)
    assert spawned(new) == []
    feed(new, "db", Start())
    new.clock.advance(1)
    assert spawned(new) == ["db", "web"]


class Died(BaseException):
    """The daemon is killed here."""


def killed_at(world: World, number: int) -> None:
    """From now on the daemon of that world dies at its `number`th write to the journal, just after it."""
    put, left = world.journal.put, [number]

    def dying_put(kind: str, key: str, value: bytes) -> None:
        put(kind, key, value)
        left[0] -= 1
        if left[0] == 0:
            raise Died

    world.journal.put = dying_put  # type: ignore[method-assign]


def ends_there(world: World, name: str, wait_status: int) -> None:
    pid = world._process(name).process.pid
    world.children.dead[pid] = Remains(wait_status=wait_status)
    world.engine.child_died(pid, wait_status)
    world.clock.advance()


def crash_and_come_back(world: World) -> None:
    """The database crashes and comes back, and what goes with it is restarted."""
    ends_there(world, "db", 9)
    world.clock.advance(1)
    ends_there(world, "web", 15)
    world.clock.advance(2)


def test_wherever_the_daemon_dies_the_next_one_brings_both_back_once() -> None:
    number, done = 0, False
    while not done:
        number += 1
        old = World(DB, restarting()).boot()
        old.clock.advance(5)
        killed_at(old, number)
        try:
            crash_and_come_back(old)
            done = True
        except Died:
            pass
        new, _ = next_life(old, DB, restarting())
        for _ in range(6):
            for pid, _, _ in [*old.children.kills, *new.children.kills]:
                if pid not in old.children.dead:
                    old.children.dead[pid] = Remains()
                    new.engine.child_died(pid, None)
            new.clock.advance(1)
        states = [new.state(name) for name in ("db", "web")]
        assert states == ["RUNNING", "RUNNING"], f"killed at write {number}"
        living = [
            child.request.name
            for child in [*old.children.spawned, *new.children.spawned]
            if child.pid not in old.children.dead or child in new.children.spawned
        ]
        assert sorted(living) == ["db", "web"], f"killed at write {number}"
        db, web = new._process("db").process, new._process("web").process
        assert web.started_at >= db.started_at, f"killed at write {number}"
    assert number > 8


def test_one_that_is_let_go_looks_once_more_before_it_is_spawned() -> None:
    many = group(*(program(f"w{number}", depends_on=on("db")) for number in range(40)), name="w")
    world = World(DB, many).boot()
    world.clock.advance(0.999)
    world._process("db").feed(_started())
    world.engine.dependencies._settle()
    assert len(spawned(world)) == 17, "a slice"
    world.exits("db", 9)
    world.clock.advance()
    assert len(spawned(world)) == 18, "db alone"
    world.clock.advance(1)
    assert len(spawned(world)) == 18 + 24


def test_nothing_jumps_the_queue_at_the_start_of_the_daemon() -> None:
    others = [group(program(f"p{number}")) for number in range(30)]
    world = World(WEB, *others, DB).boot()
    assert spawned(world) == [*(f"p{number}" for number in range(30)), "db"]
