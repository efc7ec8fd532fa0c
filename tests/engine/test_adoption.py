"""A daemon dies and another goes on: two worlds, and between them nothing but the journal."""

from dataclasses import replace

from support.fakes import World, group, listener, program
from vigild.config.model import FcgiSocketConfig, GroupConfig, StreamConfig
from vigild.core.adoption import Fate
from vigild.core.process import Autorestart, Start, Stop
from vigild.core.states import SupervisorState
from vigild.engine.adoption import Adoption, adopt, forget_strangers, plan_adoption
from vigild.engine.engine import Engine
from vigild.engine.ports import Remains
from vigild.engine.records import decode_record
from vigild.engine.settings import Settings

FOREVER = Autorestart.ALWAYS


def next_life(old: World, *configured: GroupConfig, keep_all: bool = False) -> tuple[World, Adoption]:
    """What a new daemon makes of `old`'s journal; the children that it spawned live on unless marked dead."""
    new = World()
    new.clock.now = old.clock.now
    new.journal.entries = {kind: dict(keys) for kind, keys in old.journal.entries.items()}
    new.children.dead = old.children.dead
    new.table.seen.update(old.table.seen)
    for child in [*old.children.spawned, *old.children.adopted]:
        if child.pid not in old.children.dead:
            remains = Remains(child.pid, child.start_ticks)
            new.children.alive[child.pid] = new.children.alive[child.request.spawn_id] = remains
    adoption = plan_adoption(old.journal.entries, configured, new.ports, keep_all=keep_all)
    new.engine = Engine(new.ports, Settings())
    for config in adoption.groups:
        new.engine.add_group(config, adoption.records)
    adopt(new.engine, adoption)
    forget_strangers(new.engine, new.journal)
    return new.boot(), adoption


def test_what_runs_goes_on_and_nothing_is_started_twice() -> None:
    config = group(program("web"), program("db"), name="g")
    old = World(config).boot()
    old.clock.advance(2)
    new, adoption = next_life(old, config)
    assert ("RUNNING", "RUNNING") == (new.state("g:web"), new.state("g:db"))
    assert [] == new.children.spawned
    assert {"g:web": Fate.ADOPT, "g:db": Fate.ADOPT} == adoption.outcomes
    process = new.engine.groups["g"].processes["web"]
    assert old.child("g:web").pid == process.process.pid
    assert old.engine.groups["g"].processes["web"].started_wall == process.started_wall
    assert "adopted 2 running processes of the daemon before this one" in adoption.report()


def test_one_process_is_told_of_in_the_singular() -> None:
    config = group(program("web"))
    _, adoption = next_life(World(config).boot(), config)
    assert "adopted 1 running process of the daemon before this one" in adoption.report()


def test_one_that_died_meanwhile_is_mourned_and_restarted_as_configured() -> None:
    config = group(program("web"))
    old = World(config).boot()
    old.clock.advance(2)
    old.children.dead[100] = Remains(wait_status=3 << 8)
    new, adoption = next_life(old, config)
    assert 1 == len(new.children.spawned)
    assert "WARN exited: web (exit status 3; not expected)" in new.log.lines
    assert adoption.report()[0] == "adopted 0 running processes of the daemon before this one"
    assert any("may be missing" in line for line in adoption.report())


def test_nobody_makes_up_how_it_ended() -> None:
    config = group(program("job", autorestart=Autorestart.NEVER))
    old = World(config).boot()
    old.clock.advance(2)
    old.children.dead[100] = Remains()
    new, _ = next_life(old, config)
    job = new.engine.groups["job"].processes["job"]
    assert ("EXITED", None) == (new.state("job"), job.process.exit_status)
    assert "WARN exited: job (nobody saw how; not expected)" in new.log.lines


def test_its_end_is_heard_of_later_too() -> None:
    config = group(program("web", autorestart=FOREVER))
    old = World(config).boot()
    old.clock.advance(2)
    new, _ = next_life(old, config)
    new.engine.child_died(100, None)
    assert 1 == len(new.children.spawned)
    assert new.children.adopted[0].finished


def test_a_spawn_under_way_is_found() -> None:
    config = group(program("web"))
    old = World(config)
    puts = old.journal.entries.setdefault("process", {})
    old.boot()
    # As if the daemon had died between the fork and the record of it.
    process = old.engine.groups["web"].processes["web"]
    first_record = next(iter(recorded(config)))
    puts["web"] = first_record
    new, adoption = next_life(old, config)
    assert {"web": Fate.ADOPT_SPAWNED} == adoption.outcomes
    assert [] == new.children.spawned
    assert process.process.pid == new.engine.groups["web"].processes["web"].process.pid
    new.clock.advance(1)
    assert "RUNNING" == new.state("web")


def test_a_spawn_that_never_happened_is_done_once() -> None:
    config = group(program("web"))
    old = World(config).boot()
    old.journal.entries["process"]["web"] = next(iter(recorded(config)))
    old.children.spawned.clear()
    new, adoption = next_life(old, config)
    assert {"web": Fate.SPAWN} == adoption.outcomes
    assert 1 == len(new.children.spawned)
    assert "STARTING" == new.state("web")


def recorded(config: GroupConfig) -> list[bytes]:
    """Every record of the group's first process while it starts, in order."""
    values: list[bytes] = []
    world = World(config)
    put = world.journal.put

    def remember(kind: str, key: str, value: bytes) -> None:
        if kind == "process":
            values.append(value)
        put(kind, key, value)

    world.journal.put = remember  # type: ignore[method-assign]
    world.boot()
    return values


def test_a_stop_under_way_goes_on_to_the_kill_without_a_second_signal() -> None:
    config = group(program("web"))
    old = World(config).boot()
    old.clock.advance(2)
    old._process("web").feed(Stop())
    assert [(100, 15, False)] == old.children.kills
    new, _ = next_life(old, config)
    assert "STOPPING" == new.state("web")
    assert [] == new.children.kills
    new.clock.advance(10)
    assert [(100, 9, False)] == new.children.kills
    new.engine.child_died(100, 9)
    assert "STOPPED" == new.state("web")


def test_a_stop_that_may_not_have_been_sent_is_sent() -> None:
    config = group(program("web"))
    old = World(config).boot()
    old.clock.advance(2)
    sent: list[bool] = []
    kill = old.children.kill

    def look_and_kill(pid: int, signum: int, as_group: bool) -> None:
        sent.append(decode_record(old.journal.entries["process"]["web"]).stop_sent)
        kill(pid, signum, as_group)

    old.children.kill = look_and_kill  # type: ignore[method-assign]
    old._process("web").feed(Stop())
    assert [False] == sent, "it is not written down before it is done"
    record = decode_record(old.journal.entries["process"]["web"])
    assert record.stop_sent
    old.journal.entries["process"]["web"] = replace(record, stop_sent=False).encode()
    new, _ = next_life(old, config)
    assert [(100, 15, False)] == new.children.kills


def test_what_a_daemon_stopped_that_was_killed_in_its_own_end_starts_again() -> None:
    config = group(program("done"), program("slow"), program("manual", autostart=False), name="g")
    late = group(program("late"), priority=1)
    old = World(late, config).boot()
    old._process("g:manual").feed(Start())
    old.clock.advance(2)
    old.engine.stop_everything(SupervisorState.SHUTDOWN, lambda: None)
    old.exits("g:done", 15)
    old.children.dead[old.child("g:done").pid] = Remains()
    new, _ = next_life(old, late, config)
    assert ["STARTING", "STOPPING", "STOPPING"] == [new.state(f"g:{n}") for n in ("done", "slow", "manual")]
    assert "RUNNING" == new.state("late"), "its turn had not come"
    assert [] == list(new.journal.entries.get("ending", {}))
    for name in ("g:slow", "g:manual"):
        new.engine.child_died(old.child(name).pid, 15)
    assert ["STARTING", "STOPPED"] == [new.state(f"g:{n}") for n in ("slow", "manual")]


def test_a_back_off_goes_on_where_it_was() -> None:
    config = group(program("web"))
    old = World(config).boot()
    old.exits("web", 256)
    assert "BACKOFF" == old.state("web")
    new, _ = next_life(old, config)
    assert "BACKOFF" == new.state("web")
    new.clock.advance(1)
    assert "STARTING" == new.state("web")


def test_what_rests_goes_on_resting() -> None:
    config = group(program("job"), program("halted"), program("manual", autostart=False), name="g")
    old = World(config).boot()
    old.clock.advance(2)
    old.exits("g:job")
    old._process("g:halted").feed(Stop())
    old.exits("g:halted", 15)
    new, adoption = next_life(old, config)
    assert ["EXITED", "STOPPED", "STOPPED"] == [new.state(f"g:{n}") for n in ("job", "halted", "manual")]
    assert [] == new.children.spawned
    assert [] == adoption.report()


def test_a_changed_group_goes_on_as_it_was_while_something_of_it_runs() -> None:
    before, after = group(program("web")), group(program("web", environment={"A": "2"}))
    old = World(before).boot()
    new, adoption = next_life(old, after)
    assert ["web"] == adoption.changed
    assert before == new.engine.groups["web"].config
    assert any("supervisorctl update" in line for line in adoption.report())


def test_a_changed_group_of_which_nothing_runs_is_the_files() -> None:
    before, after = group(program("web")), group(program("web", environment={"A": "2"}))
    old = World(before).boot()
    old.clock.advance(2)
    old.exits("web")
    new, adoption = next_life(old, after)
    assert [] == adoption.changed
    assert after is new.engine.groups["web"].config


def test_a_removed_group_stays_while_it_runs() -> None:
    old = World(group(program("web")), group(program("job"))).boot()
    old.clock.advance(2)
    old.exits("job")
    new, adoption = next_life(old)
    assert ["web"] == adoption.removed
    assert ["web"] == list(new.engine.groups)
    assert {"web"} == set(new.journal.entries["process"]) == set(new.journal.entries["group"])
    assert any("no longer configured" in line for line in adoption.report())


def test_what_was_renamed_is_not_started_beside_itself() -> None:
    web, job = program("web", command="web --serve"), program("job", command="job")
    cron, mail = program("cron"), program("mail")
    old = World(group(web), group(job, program("idle"), name="all"), group(cron, mail, name="pair")).boot()
    old.clock.advance(2)
    old.engine.groups["all"].processes["job"].feed(Stop())
    old.engine.child_died(old.child("all:job").pid, 0)
    configured = [
        group(program("site", command="web --serve")),
        group(program("web", command="web --serve"), name="g"),
        group(program("job", command="job")),
        group(program("new", command="new")),
        group(mail, name="pair"),
        group(cron),
    ]
    new, adoption = next_life(old, *configured)
    assert (["all", "web"], ["pair"]) == (adoption.removed, adoption.changed)
    assert ["site", "g", "cron"] == adoption.waiting
    assert {"web", "all", "pair", "job", "new"} == set(new.engine.groups)
    assert any(line.startswith("site, g, cron: not started") for line in adoption.report())


def test_a_new_group_is_started_after_a_crash_but_an_upgrade_changes_nothing() -> None:
    web, added = group(program("web")), group(program("added"))
    old = World(web, group(program("gone"))).boot()
    old.exits("gone", 256)
    new, _ = next_life(old, web, added)
    assert "STARTING" == new.state("added")
    upgraded, _ = next_life(old, web, added, keep_all=True)
    assert {"web", "gone"} == set(upgraded.engine.groups)
    assert "BACKOFF" == upgraded.state("gone")


def test_a_stopped_changed_group_goes_on_as_it_was_in_an_upgrade() -> None:
    before, after = group(program("web")), group(program("web", environment={"A": "2"}))
    old = World(before).boot()
    old.clock.advance(2)
    old.exits("web")
    new, adoption = next_life(old, after, keep_all=True)
    assert before == new.engine.groups["web"].config
    assert ["web"] == adoption.changed


def test_records_that_make_no_sense_cost_themselves_and_nothing_else() -> None:
    config, other = group(program("web")), group(program("db"))
    old = World(config, other).boot()
    old.journal.entries["process"]["web"] = b"{}"
    old.journal.entries["group"]["db"] = b"nonsense"
    new, _ = next_life(old, config, other)
    assert 1 == len(new.children.spawned)
    assert "STARTING" == new.state("db")
    assert 2 == len([line for line in new.log.lines if "of no use" in line])


def test_a_removed_program_is_forgotten() -> None:
    old = World(group(program("web"))).boot()
    process = old._process("web")
    process.feed(Stop())
    old.exits("web", 15)
    assert old.engine.remove_group("web")
    assert {} == old.journal.entries["process"] == old.journal.entries["group"]
    process.feed(Start())
    assert "STOPPED" == process.state.name


def test_logs_that_go_on_are_not_cleaned_away() -> None:
    config = group(program("web"))
    old = World(config).boot()
    new, adoption = next_life(old, config)
    assert frozenset({"/logs/web-stdout---x.log", "/logs/web-stderr---x.log"}) == adoption.logfiles
    assert "/logs/web-stdout---x.log" == new._process("web").stdout_logfile


def test_a_log_that_is_made_by_itself_now_is_not_the_one_that_was_named_before() -> None:
    named = StreamConfig(logfile="/var/log/web-stdout.log")
    old = World(group(program("web", stdout=named, stderr=StreamConfig(logfile=None)))).boot()
    old.clock.advance(2)
    old.children.dead[old.child("web").pid] = Remains(wait_status=3 << 8)
    new, _ = next_life(old, group(program("web")))
    web = new._process("web")
    assert ("/logs/web-stdout---x.log", "/logs/web-stderr---x.log") == (
        web.stdout_logfile,
        web.stderr_logfile,
    )
    new.children.dead[new.child("web").pid] = Remains(wait_status=3 << 8)
    last, _ = next_life(new, group(program("web", stdout=named)))
    assert "/var/log/web-stdout.log" == last._process("web").stdout_logfile


def test_an_adopted_group_is_not_announced_again() -> None:
    config, ear = group(program("web")), listener("ear", "PROCESS_GROUP")
    old = World(ear, config).boot()
    new, _ = next_life(old, ear, config, group(program("fresh")))
    pool = new.engine.groups["ear"].pool
    assert pool is not None
    assert [b"groupname:fresh\n"] == [envelope.event.payload for envelope in pool.pool.buffer]


def test_the_socket_of_a_group_is_taken_back_before_a_dead_member_is_started_again() -> None:
    config = group(program("a"), program("b"), name="g")
    config.socket = FcgiSocketConfig("tcp://127.0.0.1:9", host="127.0.0.1", port=9)
    old = World(config).boot()
    old.clock.advance(2)
    dead, alive = old.child("g:a"), old.child("g:b")
    old.children.dead[dead.pid] = Remains(wait_status=3 << 8)
    new, _ = next_life(old, config)
    assert new.sockets.taken_back == [("g", alive.pid)]
    assert new.sockets.held == {"g": 2}, "one that was adopted, and one that was started again"
    assert len(new.children.spawned) == 1


def test_an_upgrade_does_not_ask_a_second_time_to_stop() -> None:
    config = group(program("web"))
    old = World(config).boot()
    old.clock.advance(2)
    old.engine.groups["web"].processes["web"].feed(Stop())
    record = decode_record(old.journal.entries["process"]["web"])
    old.journal.entries["process"]["web"] = replace(
        record, stop_sent=False
    ).encode()  # as older versions wrote it
    for is_ours, kills in ((True, 0), (False, 1)):
        new = World()
        new.clock.now = old.clock.now
        pid = old.child("web").pid
        new.children.alive[pid] = Remains(pid, old.child("web").start_ticks, is_ours)
        adoption = plan_adoption(old.journal.entries, [config], new.ports, keep_all=is_ours)
        new.engine = Engine(new.ports, Settings())
        for each in adoption.groups:
            new.engine.add_group(each, adoption.records)
        adopt(new.engine, adoption)
        assert new.state("web") == "STOPPING"
        assert len(new.children.kills) == kills
