"""Groups of every kind."""

from pathlib import Path

import pytest

from config.build import config_of, load_text, only
from vigild.config.model import GroupKind


def test_groups_are_sorted_by_priority_then_name(tmp_path: Path) -> None:
    text = """
        [program:b]
        command=x
        [program:a]
        command=x
        [program:late]
        command=x
        priority=1000
        [group:g]
        programs=late
        priority=5
        [eventlistener:l]
        command=x
        events=tick_5,PROCESS_STATE,TICK_5
    """
    groups = config_of(load_text(tmp_path, text)).groups

    assert [(group.name, group.priority) for group in groups] == [("l", -1), ("g", 5), ("a", 999), ("b", 999)]
    assert groups[0].events == ("PROCESS_STATE", "TICK_5")
    assert groups[0].processes[0].priority == 999
    assert groups[1].processes[0].name == "late"


def test_a_group_may_be_empty(tmp_path: Path) -> None:
    (group,) = config_of(load_text(tmp_path, "[group:g]\n")).groups

    assert group.processes == ()


def test_an_fcgi_program_shares_a_socket(tmp_path: Path) -> None:
    text = """
        [fcgi-program:f]
        command=x
        socket=unix:///tmp/../run/%(program_name)s.sock
        user=nobody
        socket_backlog=7
        [fcgi-program:t]
        command=x
        priority=1000
        socket=tcp://LocalHost:9000
    """
    unix, tcp = config_of(load_text(tmp_path, text)).groups

    assert unix.kind is GroupKind.FCGI
    assert unix.socket is not None
    assert (unix.socket.url, unix.socket.path) == ("unix:///run/f.sock", "/run/f.sock")
    assert (unix.socket.owner, unix.socket.mode, unix.socket.backlog) == ((65534, 65534), 0o700, 7)
    assert tcp.priority == 1000
    assert tcp.socket is not None
    assert (tcp.socket.url, tcp.socket.host, tcp.socket.port) == ("tcp://localhost:9000", "localhost", 9000)


def test_the_owner_of_a_socket_is_left_alone_for_ones_own_user(tmp_path: Path) -> None:
    text = "[fcgi-program:f]\ncommand=x\nsocket=unix:///run/x\nuser=nobody\nsocket_mode=0770\n"

    (own,) = config_of(load_text(tmp_path, text, uid=65534)).groups
    (given,) = config_of(load_text(tmp_path, text + "socket_owner=daemon:adm\n")).groups
    assert own.socket is not None
    assert given.socket is not None
    assert (own.socket.owner, own.socket.mode) == (None, 0o770)
    assert given.socket.owner == (1, 4)


def test_an_fcgi_program_in_a_group_is_a_plain_program(tmp_path: Path) -> None:
    text = "[group:g]\nprograms=f\n[fcgi-program:f]\ncommand=x\nsocket=nonsense\n"
    (group,) = config_of(load_text(tmp_path, text)).groups

    assert (group.kind, group.socket) == (GroupKind.PROGRAM, None)
    assert group.processes[0].kind is GroupKind.PROGRAM


def test_programs_that_make_no_process_still_make_a_group(tmp_path: Path) -> None:
    text = "[program:p]\nnumprocs=0\npriority=3\n[fcgi-program:f]\nnumprocs=0\nsocket=tcp://h:1\n"
    groups = config_of(load_text(tmp_path, text)).groups

    assert [(group.name, group.priority) for group in groups] == [("p", 3), ("f", 999)]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[group:a b]\n", "V008", 1),
        ("[group:g]\nprograms=nope\n", "V009", 2),
        (
            "[group:g]\nprograms=p\n[program:p]\ncommand=x\n[fcgi-program:p]\ncommand=x\nsocket=tcp://h:1",
            "V009",
            2,
        ),
        ("[eventlistener:l]\ncommand=x\n", "V005", 1),
        ("[eventlistener:l]\ncommand=x\nevents=\n", "V005", 3),
        ("[eventlistener:l]\ncommand=x\nevents=TICK_6\n", "V006", 3),
        ("[eventlistener:l]\ncommand=x\nevents=%\n", "V007", 3),
        ("[eventlistener:l]\ncommand=x\nevents=TICK\nbuffer_size=0\n", "V006", 4),
        ("[eventlistener:l]\ncommand=x\nevents=TICK\nredirect_stderr=true\n", "V013", 4),
        ("[eventlistener:l]\ncommand=x\nevents=TICK\nresult_handler=no_such_module:f\n", "V012", 4),
        ("[fcgi-program:f]\ncommand=x\n", "V005", 1),
        ("[fcgi-program:f]\ncommand=x\nsocket=tcp://h\n", "V006", 3),
        ("[fcgi-program:f]\ncommand=x\nsocket=tcp://h:70000\n", "V006", 3),
        ("[fcgi-program:f]\ncommand=x\nsocket=unix://rel\n", "V006", 3),
        ("[fcgi-program:f]\ncommand=x\nsocket=tcp://h:1\nsocket_mode=0700\n", "V013", 3),
        ("[fcgi-program:f]\ncommand=x\nsocket=tcp://h:1\nsocket_backlog=0\n", "V006", 4),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, code: str, line: int) -> None:
    loaded = load_text(tmp_path, text)

    assert loaded.config is None
    assert only(loaded, code).where.line == line


def test_every_unknown_program_of_a_group_is_told(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, "[group:g]\nprograms=wbe,nope\n[program:web]\ncommand=x\n")

    hints = [item.hint for item in loaded.diagnostics]
    assert len(hints) == 2
    assert hints[0].startswith("did you mean web?")


def test_a_result_handler_that_can_be_imported_is_taken(tmp_path: Path) -> None:
    text = "[eventlistener:l]\ncommand=x\nevents=TICK\nresult_handler=os.path:join\n"

    assert config_of(load_text(tmp_path, text)).groups[0].result_handler == "os.path:join"
