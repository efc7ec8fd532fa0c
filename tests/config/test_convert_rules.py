"""`rules`, `memory_max` and `on_memory_max`: what is taken, as what, and what is said of mistakes, and where."""

from pathlib import Path

import pytest

from config.build import advice, load_text, processes_of
from config.test_convert import AROUND
from vigild.config import convert_rules as convert
from vigild.config.diagnostics import BadValueError

RULES = """\
[program:web]
command=/bin/cat
rules = if cpu > 90% for 5 of 6 cycles then restart

    ; the machine has 8 GB
    if memory > 80%%
        then alert critical
        else if recovered then exec "%(here)s/tell"
"""


def test_rules_of_a_program_keep_their_percent_signs(tmp_path: Path) -> None:
    (process,) = processes_of(load_text(tmp_path, RULES))

    assert process.rules == (
        "if cpu > 90% for 5 of 6 cycles then restart",
        f'if memory > 80% then alert critical else if recovered then exec "{tmp_path}/tell"',
    )
    assert process.is_ruled
    assert advice(tmp_path, RULES, "V212") == []
    assert advice(tmp_path, RULES.replace("/bin/cat", "/bin/cat 5%"), "V212") != []


def test_names_that_differ_from_process_to_process_are_not_known_in_rules(tmp_path: Path) -> None:
    text = RULES.replace("80%%", "80% and cpu > %(process_num)d")
    (finding,) = [item for item in load_text(tmp_path, text).diagnostics if item.severity == "error"]
    assert "cannot expand %(process_num)s" in finding.text


def test_every_mistake_is_shown_at_its_line_with_a_caret(tmp_path: Path) -> None:
    text = RULES.replace("cpu", "cpuu").replace("critical", "loudly")
    found = [item for item in load_text(tmp_path, text).diagnostics if item.severity == "error"]

    path = tmp_path / "supervisord.conf"
    assert [str(item) for item in found] == [
        f"{path}:3: error: [program:web] rules: unknown metric 'cpuu', at column 4\n"
        "    if cpuu > 90% for 5 of 6 cycles then restart\n"
        "       ^^^^\n"
        "    hint: did you mean cpu? a program has: cpu, files, memory, memory_percent, processes, pss, read_rate, "
        "restarts, swap, threads, uptime, write_rate",
        f"{path}:7: error: [program:web] rules: nothing is expected here, but 'loudly' follows, at column 12\n"
        "    then alert loudly\n"
        "               ^^^^^^\n"
        "    hint: the next rule begins on a line of its own, with if; several actions have commas between",
    ]


def test_without_any(tmp_path: Path) -> None:
    (process,) = processes_of(load_text(tmp_path, "[program:web]\ncommand=/bin/cat\nrules=\n"))
    assert (process.rules, process.memory_max_bytes, process.on_memory_max) == ((), 0, "restart")
    assert not process.is_ruled


@pytest.mark.parametrize(
    ("text", "number"), [("2GB", 2 * 1024**3), ("500MB", 500 * 1024**2), ("none", 0), ("", 0)]
)
def test_memory_max(text: str, number: int) -> None:
    assert convert.memory_max(text, AROUND) == number


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("80%", "not a size in bytes"), ("500", "less than any program needs"), ("-1GB", "less than")],
)
def test_sizes_that_are_none(text: str, complaint: str) -> None:
    with pytest.raises(BadValueError, match=complaint):
        convert.memory_max(text, AROUND)


def test_on_memory_max() -> None:
    assert convert.on_memory_max("Alert", AROUND) == "alert"
    assert convert.on_memory_max("restart", AROUND) == "restart"
    with pytest.raises(BadValueError, match="no such action: 'exec:x'"):
        convert.on_memory_max("exec:x", AROUND)
