"""What a reread finds changed."""

from copy import deepcopy
from pathlib import Path

import pytest

from config.build import config_of, load_text
from vigild.config.diff import diff_groups
from vigild.config.model import AUTO, GroupConfig, GroupKind

TEXT = """
[program:web]
command=x
stdout_logfile=/tmp/web.log
[eventlistener:l]
command=x
events=TICK
[fcgi-program:f]
command=x
socket=unix:///run/f.sock
[program:job]
command=x
[program:other]
command=x
[group:g]
programs=job,other
"""


@pytest.fixture
def groups(tmp_path: Path) -> list[GroupConfig]:
    return list(config_of(load_text(tmp_path, TEXT)).groups)


def test_the_same_file_changes_nothing(groups: list[GroupConfig], tmp_path: Path) -> None:
    assert diff_groups(groups, config_of(load_text(tmp_path, "\n\n" + TEXT)).groups) == ([], [], [])


def test_groups_come_and_go_in_the_order_of_their_list(groups: list[GroupConfig]) -> None:
    assert [group.name for group in groups] == ["l", "f", "g", "web"]
    assert diff_groups(groups[:2], groups[1:]) == (["g", "web"], [], ["l"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("command=x\nstdout", "command=y\nstdout"),
        ("command=x\nstdout", "command=x\npriority=5\nstdout"),
        ("command=x\nstdout", "command=x\nenvironment=A=1\nstdout"),
        ("command=x\nstdout", "command=x\nserverurl=http://h:1\nstdout"),
        ("command=x\nstdout", "command=x\nautorestart=true\nstdout"),
        ("command=x\nstdout", "command=x\nlog_prefix=>\nstdout"),
        ("command=x\nstdout", "command=x\nlog_format=json\nstdout"),
        ("command=x\nstdout", "command=x\nremember=true\nstdout"),
        ("command=x\nstdout", "command=x\nnumprocs=0\nstdout"),
        ("web.log", "other.log"),
        ("web.log", "web.log\nstdout_syslog=true"),
    ],
)
def test_a_change_of_a_program_is_seen(
    groups: list[GroupConfig], tmp_path: Path, before: str, after: str
) -> None:
    changed = config_of(load_text(tmp_path, TEXT.replace(before, after))).groups

    assert diff_groups(groups, changed) == ([], ["web"], [])


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("events=TICK", "events=TICK_5", "l"),
        ("events=TICK", "events=TICK\nbuffer_size=5", "l"),
        ("events=TICK", "events=TICK\npriority=5", "l"),
        ("events=TICK", "events=TICK\nresult_handler=os.path:join", "l"),
        ("run/f.sock", "run/g.sock", "f"),
        ("programs=job,other", "programs=other,job", "g"),
    ],
)
def test_a_change_of_a_group_is_seen(
    groups: list[GroupConfig], tmp_path: Path, before: str, after: str, name: str
) -> None:
    changed = config_of(load_text(tmp_path, TEXT.replace(before, after))).groups

    assert diff_groups(groups, changed) == ([], [name], [])


def test_owner_and_mode_of_a_shared_socket_are_not_compared(
    groups: list[GroupConfig], tmp_path: Path
) -> None:
    text = TEXT.replace("f.sock", "f.sock\nsocket_mode=0777\nsocket_owner=nobody\nsocket_backlog=5")

    assert diff_groups(groups, config_of(load_text(tmp_path, text)).groups) == ([], [], [])


def test_a_log_file_that_is_left_to_the_daemon_is_not_compared(groups: list[GroupConfig]) -> None:
    running = deepcopy(groups)
    for group in running:
        for process in group.processes:
            if process.stdout.logfile is AUTO:
                process.stdout.logfile = "/tmp/web-stdout---x.log"  # the file it has in the running daemon

    assert diff_groups(running, groups) == ([], [], [])


def test_a_program_that_gets_a_log_file_of_its_own_has_changed(groups: list[GroupConfig]) -> None:
    running = deepcopy(groups)
    running[3].processes[0].stdout.logfile = AUTO

    assert diff_groups(running, groups) == ([], ["web"], [])


def test_a_group_of_another_kind_is_changed(groups: list[GroupConfig]) -> None:
    running = deepcopy(groups)
    running[3].kind = GroupKind.FCGI

    assert diff_groups(running, groups) == ([], ["web"], [])
