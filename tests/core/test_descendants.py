"""Who belongs to a spawn, on tables made by hand."""

from vigild.core.descendants import Candidates, Origin, Seen, Table, main_candidates, members_of

DAEMON = 1000


def table(*processes: Seen) -> Table:
    return Table({seen.pid: seen for seen in processes})


def pids(members: list[Seen]) -> list[int]:
    return [seen.pid for seen in members]


def orphan(pid: int, ticks: int = 50, **more: object) -> Seen:
    """A child of the daemon that leads nothing of its own."""
    return Seen(**{"pid": pid, "ppid": DAEMON, "pgid": 1, "session": 1, "start_ticks": ticks, **more})  # type: ignore[arg-type]


def test_the_marked_the_grouped_the_sessioned_and_their_children_belong() -> None:
    found = members_of(
        Origin("a-1", ((10, 50),)),
        table(
            orphan(11, spawn_id="a-1"),
            orphan(12, pgid=10),
            orphan(13, session=10),
            Seen(14, 12, 14, 14, 60),  # a child that went into a session of its own
            Seen(15, 14, 15, 15, 70),
            orphan(16),
            orphan(17, spawn_id="a-11"),
        ),
        others=(),
    )
    assert pids(found) == [11, 12, 13, 14, 15]


def test_the_process_itself_belongs_while_it_lives() -> None:
    assert pids(members_of(Origin("", ((10, 50),)), table(orphan(10, pgid=10)), others=())) == [10]


def test_what_else_is_supervised_does_not_belong_nor_do_its_children() -> None:
    processes = table(orphan(11, spawn_id="a-1"), Seen(12, 11, 1, 1, 60), Seen(13, 12, 1, 1, 70))
    assert pids(members_of(Origin("a-1", ((10, 50),)), processes, others={12})) == [11]


def test_a_group_whose_number_was_given_away_anew_is_not_ours() -> None:
    processes = table(orphan(10, 900, pgid=10, session=10), orphan(11, 950, pgid=10, session=10))
    assert members_of(Origin("a-1", ((10, 50),)), processes, others=()) == []
    assert pids(members_of(Origin("a-1", ((10, 0),)), processes, others=())) == [10, 11]  # nothing is known


def test_what_is_older_than_the_spawn_is_not_of_it() -> None:
    assert members_of(Origin("a-1", ((10, 50),)), table(orphan(11, 49, pgid=10)), others=()) == []


def test_who_belonged_once_belongs_when_its_parent_is_gone() -> None:
    before = table(orphan(11, spawn_id="a-1"), Seen(12, 11, 12, 12, 60))
    origin = Origin("a-1", ((10, 50),))
    wider = origin.with_members(members_of(origin, before, others=()))
    assert wider.anchors == ((10, 50), (11, 50), (12, 60))
    assert wider.with_members(list(before.values())) is wider
    after = table(orphan(12, 60, pgid=12, session=12))
    assert members_of(origin, after, others=()) == []
    assert pids(members_of(wider, after, others=())) == [12]


def test_without_an_id_nobody_is_marked() -> None:
    assert members_of(Origin(""), table(orphan(11)), others=()) == []


def test_the_main_process_has_children_then_leads_a_session_then_is_the_oldest() -> None:
    worker = Seen(23, 22, 22, 22, 60)
    members = [orphan(21, session=21), orphan(22, 55), worker, orphan(24, 40)]
    assert main_candidates(members, [], DAEMON) == Candidates((22, 21, 24), True)


def test_a_main_process_need_not_be_our_child() -> None:
    assert main_candidates([Seen(23, 1, 23, 23, 60)], [orphan(30)], DAEMON) == Candidates((23,), True)


def test_a_stranger_counts_only_where_it_is_the_only_one() -> None:
    assert main_candidates([], [orphan(30)], DAEMON) == Candidates((30,), True)
    assert main_candidates([], [orphan(31), orphan(30)], DAEMON) == Candidates((30, 31), False)
    assert main_candidates([], [], DAEMON) == Candidates((), False)
