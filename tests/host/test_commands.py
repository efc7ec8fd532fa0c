"""Finding commands; the texts are what clients of Supervisor see."""

import os
from pathlib import Path

import pytest

from vigild.engine.ports import Command, CommandProblem
from vigild.host.commands import find_command


@pytest.fixture
def bin_dir(tmp_path: Path) -> Path:
    for name, mode in (("tool", 0o755), ("data", 0o644)):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(mode)
    (tmp_path / "folder").mkdir()
    return tmp_path


def found(command: str, path: str) -> Command:
    outcome = find_command(command, {"PATH": path})
    assert isinstance(outcome, Command), outcome
    return outcome


def problem(command: str, path: str = "/nonexistent") -> tuple[str, str]:
    outcome = find_command(command, {"PATH": path})
    assert isinstance(outcome, CommandProblem), outcome
    return outcome.kind, outcome.text


def test_a_bare_name_is_looked_up_on_the_programs_path(bin_dir: Path) -> None:
    assert found("tool -a b", f"/nonexistent:{bin_dir}") == Command(f"{bin_dir}/tool", ["tool", "-a", "b"])


def test_a_path_is_taken_as_it_is(bin_dir: Path) -> None:
    assert found(f"{bin_dir}/tool", "/nonexistent").filename == f"{bin_dir}/tool"


def test_without_path_the_daemons_own_counts() -> None:
    assert isinstance(find_command("sh -c true", {}), Command)


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ("tool 'one word' \"an other\"", ["tool", "one word", "an other"]),
        ("tool a\\ b", ["tool", "a b"]),
        ("  tool\ta\n b ", ["tool", "a", "b"]),
        ("tool '' #x;y|z", ["tool", "", "#x;y|z"]),
        ("tool ä\u00a0ö", ["tool", "ä\u00a0ö"]),
        ("tool $HOME *", ["tool", "$HOME", "*"]),
    ],
)
def test_words_are_split_as_supervisor_does(bin_dir: Path, command: str, argv: list[str]) -> None:
    import shlex

    assert found(command, str(bin_dir)).argv == argv == shlex.split(command)


def test_what_cannot_be_run_is_said_in_supervisors_words(bin_dir: Path) -> None:
    assert problem("") == ("bad_command", "command is empty")
    assert problem("tool 'open") == (
        "bad_command",
        "can't parse command \"tool 'open\": No closing quotation",
    )
    assert problem("nosuch x") == ("not_found", "can't find command 'nosuch'")
    assert problem("/no/such") == ("not_found", "can't find command '/no/such'")
    assert problem("data", str(bin_dir)) == (
        "not_executable",
        f"command at '{bin_dir}/data' is not executable",
    )
    assert problem("folder", str(bin_dir)) == (
        "not_executable",
        f"command at '{bin_dir}/folder' is a directory",
    )


def test_a_program_that_only_others_may_run(bin_dir: Path) -> None:
    (bin_dir / "tool").chmod(0o641)
    if os.geteuid() == 0:  # root may run whatever anybody may
        assert isinstance(find_command("tool", {"PATH": str(bin_dir)}), Command)
    else:
        assert problem("tool", str(bin_dir)) == (
            "no_permission",
            f"no permission to run command '{bin_dir}/tool'",
        )
