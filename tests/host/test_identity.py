"""Who a child is: groups and user, seen from inside it."""

import grp
import os
import pwd
from pathlib import Path

import pytest

from support.machine import Machine, on_machine
from vigild.engine.ports import ChildSetup, SpawnFailure
from vigild.host.identity import Account, Accounts, group_words, identity_steps, user_variables

IDS = "id -u; id -g; id -G"
NOBODY = 65534


async def ids(machine: Machine, setup: ChildSetup, uid: int | None = None) -> tuple[int, int, set[int]]:
    """`(uid, gid, all groups)` of a child."""
    (machine.directory / "stdout").unlink(missing_ok=True)
    machine.logs.reopen_all()
    child = machine.run(IDS, setup=setup, uid=uid)
    assert await machine.ended(child) == 0
    user, group, groups = machine.read("stdout").decode().splitlines()
    return int(user), int(group), set(map(int, groups.split()))


@pytest.mark.needs_root
def test_a_group_of_its_own_and_the_other_groups_of_its_user(short_tmp: Path) -> None:
    nobody = pwd.getpwuid(NOBODY)

    async def play(machine: Machine) -> None:
        assert await ids(machine, ChildSetup(gid=33), NOBODY) == (
            NOBODY,
            33,
            set(os.getgrouplist(nobody.pw_name, 33)),
        )
        assert await ids(machine, ChildSetup(nice=1), NOBODY) == (
            NOBODY,
            nobody.pw_gid,
            set(os.getgrouplist(nobody.pw_name, nobody.pw_gid)),
        )

    on_machine(short_tmp, play)


@pytest.mark.needs_root
def test_supplementary_groups_are_those_given_and_no_others(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        assert await ids(machine, ChildSetup(supplementary_gids=(4, 33)), NOBODY) == (
            NOBODY,
            NOBODY,
            {NOBODY, 4, 33},
        )
        assert await ids(machine, ChildSetup(supplementary_gids=()), NOBODY) == (NOBODY, NOBODY, {NOBODY})

    on_machine(short_tmp, play)


@pytest.mark.needs_root
def test_without_a_user_the_daemons_groups_stay_unless_given(short_tmp: Path) -> None:
    own = set(os.getgroups())

    async def play(machine: Machine) -> None:
        for uid in (None, 0):
            assert await ids(machine, ChildSetup(gid=33), uid) == (0, 33, own | {33})
            assert await ids(machine, ChildSetup(supplementary_gids=(4,)), uid) == (
                0,
                os.getgid(),
                {os.getgid(), 4},
            )

    on_machine(short_tmp, play)


@pytest.mark.needs_root
def test_limits_are_set_with_the_daemons_rights_before_the_user_is_switched(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        setup = ChildSetup(limits=(("core", 0, 0),), nice=-3)
        child = machine.run("id -u; ulimit -c; cut -d' ' -f19 /proc/self/stat", setup=setup, uid=NOBODY)
        assert await machine.ended(child) == 0
        assert machine.read("stdout").split() == [b"65534", b"0", b"-3"]

    on_machine(short_tmp, play)


@pytest.mark.needs_root
def test_too_many_processes_of_its_user(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        sleeper = machine.run("exec sleep 60", uid=NOBODY)
        request = machine.request("true", setup=ChildSetup(limits=(("nproc", 0, 0),)), uid=NOBODY)
        failed = machine.children.spawn(request)
        assert isinstance(failed, SpawnFailure)
        assert failed.stage == "exec"
        assert failed.text == (
            "couldn't exec sh: EAGAIN (its user has as many processes as limit_nproc allows; "
            "those of other programs count, too)"
        )
        machine.children.kill(sleeper.pid, 15, False)
        await machine.ended(sleeper)

    on_machine(short_tmp, play)


@pytest.mark.needs_root
def test_a_user_that_does_not_exist_is_told_as_ever(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        failed = machine.children.spawn(machine.request("true", setup=ChildSetup(gid=33), uid=54321))
        assert failed == SpawnFailure("setuid", 1, "couldn't setuid to 54321: Can't find uid 54321")

    on_machine(short_tmp, play)


def test_steps_of_a_user() -> None:
    account = Account("nobody", NOBODY, "/nonexistent", (NOBODY, 7))

    def words(setup: ChildSetup, uid: int | None, account: Account | None) -> list[str]:
        return [step.what() for step in identity_steps(setup, uid, account)]

    nogroup = group_words(NOBODY)
    groups = f"set the groups of its user to {nogroup}, {group_words(7)}"
    assert words(ChildSetup(), NOBODY, account) == [
        groups,
        f"set the group of its user to {nogroup}",
        "setuid to 65534",
    ]
    assert words(ChildSetup(supplementary_gids=()), None, None) == ["set supplementary_groups to none"]
    assert words(ChildSetup(), None, None) == []


def test_accounts_are_remembered_and_unknown_ones_asked_for_again() -> None:
    accounts = Accounts()
    root = accounts.user(0)
    assert root is not None
    assert root is accounts.user(0)
    assert (root.name, root.home) == (pwd.getpwuid(0).pw_name, pwd.getpwuid(0).pw_dir)
    assert accounts.user(54321) is None


def test_variables_of_a_user_and_names_of_groups() -> None:
    account = Account("web", 5, "/srv/web", (5,))
    assert user_variables(account) == {"HOME": "/srv/web", "USER": "web", "LOGNAME": "web"}
    assert group_words(0) == f"0 ({grp.getgrgid(0).gr_name})"
    assert group_words(54321) == "54321"


@pytest.mark.needs_root
def test_a_group_that_is_given_and_one_of_the_user_are_told_apart_in_what_is_said() -> None:
    account = Accounts().user(NOBODY, 33)
    assert account is not None
    assert (account.gid, 33 in account.gids) == (33, True)
    words = [step.what() for step in identity_steps(ChildSetup(gid=33), NOBODY, account)]
    assert words[1:] == ["set group to 33 (www-data)", "setuid to 65534"]
