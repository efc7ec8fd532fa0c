"""Memory of processes and their trees, from /proc."""

import subprocess
import sys
from pathlib import Path

import psutil

from support.until import until
from vigild.listeners.process_memory import Usage, parse_ps, parse_stat, resident, trees

TREE = {1: Usage(0, 1), 2: Usage(1, 20), 3: Usage(2, 300), 4: Usage(2, 4000), 5: Usage(1, 50000)}


def test_a_tree_is_added_up() -> None:
    assert {2: 4320, 5: 50000} == trees(TREE, [2, 5, 99])


def test_a_circle_in_the_table_ends() -> None:
    assert {2: 30} == trees({2: Usage(3, 10), 3: Usage(2, 20)}, [2])


def test_a_name_with_parentheses_and_blanks() -> None:
    fields = " ".join(str(number) for number in range(4, 30))
    usage = parse_stat(f"7 (a) b (c) S {fields}".encode(), 4096)
    assert Usage(4, 24 * 4096) == usage
    assert parse_stat(b"", 4096) is None


def test_where_there_is_no_proc_ps_is_read(short_tmp: Path) -> None:
    assert {7: Usage(1, 2048)} == parse_ps("  7   1   2\n garbage\n")
    me = psutil.Process()
    assert me.pid in resident([me.pid], False, root=str(short_tmp))


def test_real_processes() -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = b\"x\" * 50_000_000; print(1, flush=True); input()'])"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        alone = resident([parent.pid], False)[parent.pid]
        tree = until(lambda: resident([parent.pid], True)[parent.pid])
        process = psutil.Process(parent.pid)
        wanted = sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
        assert alone < 50_000_000 < tree
        assert abs(tree - wanted) < 5_000_000
        parent.kill()
        for child in process.children(recursive=True):
            child.kill()


def test_one_that_is_gone_is_left_out() -> None:
    done = subprocess.Popen(["true"])
    done.wait()
    assert {} == resident([done.pid], True)
    assert {} == resident([done.pid], False)
