"""A setup's layers of environment, in order, in a real child; and that what has no steps needs no fork."""

import os
import pwd
from pathlib import Path

import pytest

from support.machine import Machine, on_machine
from vigild.engine.ports import ChildSetup, SpawnFailure
from vigild.host.identity import Accounts
from vigild.host.setup import Preparation, prepare

PRINT_ENV = "env | grep -E '^(HOME|USER|LOGNAME|FILE|OWN|BASE)=' | sort"


def test_the_layers_of_the_environment(short_tmp: Path) -> None:
    (short_tmp / "e").write_text("LOGNAME=file\nFILE=${BASE}+${USER}\nOWN=file\nBASE=file\n")
    user = pwd.getpwuid(os.geteuid())
    setup = ChildSetup(
        user_environment=True,
        environment_files=((str(short_tmp / "e"), False),),
        variables=(("OWN", "section"),),
    )

    async def play(machine: Machine) -> None:
        base = {"PATH": os.environ["PATH"], "BASE": "daemon", "OWN": "section", "HOME": "/x", "USER": "x"}
        assert await machine.ended(machine.run(PRINT_ENV, setup=setup, environment=base)) == 0
        assert machine.read("stdout").decode().splitlines() == [
            "BASE=file",
            f"FILE=daemon+{user.pw_name}",
            f"HOME={user.pw_dir}",
            "LOGNAME=file",
            "OWN=section",
            f"USER={user.pw_name}",
        ]
        assert base["HOME"] == "/x", "the request stays as it was"

    on_machine(short_tmp, play)


@pytest.mark.needs_root
def test_the_environment_of_another_user(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        nobody = pwd.getpwnam("nobody")
        setup = ChildSetup(user_environment=True)
        assert await machine.ended(machine.run(PRINT_ENV, setup=setup, uid=nobody.pw_uid)) == 0
        words = machine.read("stdout").decode().split()
        assert words == [f"HOME={nobody.pw_dir}", "LOGNAME=nobody", "USER=nobody"]

    on_machine(short_tmp, play)


def test_files_are_read_anew_at_each_start(short_tmp: Path) -> None:
    setup = ChildSetup(environment_files=((str(short_tmp / "e"), False),))

    async def play(machine: Machine) -> None:
        for text in ("one", "two"):
            (short_tmp / "e").write_text(f"FILE={text}\n")
            await machine.ended(machine.run("echo $FILE", setup=setup))
        assert machine.read("stdout") == b"one\ntwo\n"
        (short_tmp / "e").unlink()
        failed = machine.children.spawn(machine.request("true", setup=setup))
        assert isinstance(failed, SpawnFailure)
        assert failed.stage == "environment"
        assert f"couldn't read envfile {short_tmp}/e: ENOENT".encode() in machine.read("stderr")

    on_machine(short_tmp, play)


def test_without_steps_nothing_runs_in_the_child(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        for setup, steps in ((ChildSetup(user_environment=True), False), (ChildSetup(nice=1), True)):
            ready = prepare(machine.request("true", setup=setup), Accounts())
            assert isinstance(ready, Preparation)
            assert (ready.steps is not None) == steps
            if ready.steps is not None:
                ready.steps.close()

    on_machine(short_tmp, play)


def test_a_user_without_an_account_has_no_home(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        request = machine.request("true", setup=ChildSetup(user_environment=True), uid=54321)
        failed = prepare(request, Accounts())
        assert isinstance(failed, SpawnFailure)
        assert failed.text == (
            "couldn't set HOME, USER and LOGNAME: no user has the number 54321 (set_user_environment)"
        )

    on_machine(short_tmp, play)


def test_the_user_that_the_daemon_is_already_keeps_its_groups(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        request = machine.request("true", setup=ChildSetup(gid=os.getegid()), uid=os.geteuid())
        ready = prepare(request, Accounts())
        assert isinstance(ready, Preparation)
        assert ready.steps is not None
        assert [step.stage for step in ready.steps._steps] == ["setgid"]
        ready.steps.close()

    on_machine(short_tmp, play)
