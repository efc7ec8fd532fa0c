"""Converters: what is taken, as what, and what is refused with which reason."""

import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.corpus_support import DebianAccounts
from vigild.config import convert
from vigild.config.accounts import Surroundings
from vigild.config.diagnostics import BadValueError
from vigild.config.model import AUTO
from vigild.core.kill_mode import KillMode
from vigild.core.process import Autorestart

AROUND = Surroundings(
    {"HOME": "/root"}, DebianAccounts(), "box", uid=0, is_directory=lambda path: path == "/tmp"
)


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        (convert.text, "x", "x"),
        (convert.integer, "4294967295", 4294967295),
        (convert.integer, "-1", -1),
        (convert.integer, "1_0", 10),
        (convert.boolean, "TRUE", True),
        (convert.boolean, "on", True),
        (convert.boolean, "0", False),
        (convert.octal, "022", 0o22),
        (convert.octal, "0o22", 0o22),
        (convert.byte_size, "50MB", 50 * 1024**2),
        (convert.byte_size, "5 kb", 5 * 1024),
        (convert.byte_size, "1gb", 1024**3),
        (convert.byte_size, "12", 12),
        (convert.history_size, "1MB", 1024**2),
        (convert.days, "1", 1),
        (convert.signal_number, "TERM", 15),
        (convert.signal_number, "sighup", 1),
        (convert.signal_number, "9", 9),
        (convert.signal_number, " usr1 ", 10),
        (convert.exit_codes, "", ()),
        (convert.exit_codes, "0, 2", (0, 2)),
        (convert.autorestart, "True", Autorestart.ALWAYS),
        (convert.autorestart, "no", Autorestart.NEVER),
        (convert.kill_mode, "Tree", KillMode.TREE),
        (convert.kill_mode, "process", KillMode.PROCESS),
        (convert.autorestart, "unexpected", Autorestart.UNEXPECTED),
        (convert.log_level, "WARN", "warn"),
        (convert.log_format, " Json ", "json"),
        (convert.names, "a, b", ("a", "b")),
        (convert.names, "", ()),
        (convert.existing_directory, "/tmp", "/tmp"),
        (convert.path_in_directory, "/tmp/x", "/tmp/x"),
        (convert.path_in_directory, "x.log", "x.log"),
        (convert.log_file, "NONE", None),
        (convert.log_file, "off", None),
        (convert.log_file, "Auto", AUTO),
        (convert.log_file, "syslog", convert.SYSLOG),
        (convert.log_file, "/tmp/x", "/tmp/x"),
        (convert.user_id, "nobody", 65534),
        (convert.user_id, "33", 33),
        (convert.group_id, "adm", 4),
        (convert.group_id, "100", 100),
        (convert.owner, "root", (0, -1)),
        (convert.owner, "root:adm", (0, 4)),
        (convert.inet_address, "9001", ("", 9001)),
        (convert.inet_address, ":9001", ("", 9001)),
        (convert.inet_address, "*:9001", ("", 9001)),
        (convert.inet_address, "LocalHost:80", ("localhost", 80)),
        (convert.inet_address, "::1:80", ("::1", 80)),
        (convert.server_url, "Auto ", None),
        (convert.server_url, "http://x", "http://x"),
    ],
)
def test_values_that_are_taken(converter: Any, text: str, value: object) -> None:
    assert converter(text, AROUND) == value


@pytest.mark.parametrize(
    ("converter", "text", "hint"),
    [
        (convert.integer, "1.5", "digits"),
        (convert.boolean, "maybe", "true or false"),
        (convert.octal, "9", "octal"),
        (convert.byte_size, "5tb", "KB, MB or GB"),
        (convert.byte_size, "kb", "KB, MB or GB"),
        (convert.history_size, "100KB", "1MB or more"),
        (convert.history_size, "much", "KB, MB or GB"),
        (convert.days, "0", "1 or more"),
        (convert.days, "x", "digits"),
        (convert.signal_number, "TREM", "did you mean TERM?"),
        (convert.signal_number, "99", "name or a number"),
        (convert.exit_codes, "0,256", "0 to 255"),
        (convert.exit_codes, "a", "0 to 255"),
        (convert.autorestart, "always", "unexpected"),
        (convert.kill_mode, "cgroup", "tree"),
        (convert.log_level, "warning", "did you mean warn?"),
        (convert.log_format, "jsonl", "write text or json"),
        (convert.log_level, "debgu", "did you mean debug?"),
        (convert.existing_directory, "/nowhere", "mkdir -p /nowhere"),
        (convert.path_in_directory, "/nowhere/x", "mkdir -p /nowhere"),
        (convert.user_id, "mallory", "useradd --system mallory"),
        (convert.user_id, "", "name or number"),
        (convert.user_id, "4711", "name or number"),
        (convert.group_id, "mallory", "groupadd --system mallory"),
        (convert.group_id, "4711", "name or number"),
        (convert.inet_address, "host:", "host:port"),
        (convert.inet_address, "70000", "1 to 65535"),
    ],
)
def test_values_that_are_refused(converter: Any, text: str, hint: str) -> None:
    with pytest.raises(BadValueError) as caught:
        converter(text, AROUND)
    assert hint in caught.value.hint


def test_names_hold_no_blank_colon_or_slash() -> None:
    assert convert.plain_name(" web ") == "web"
    for name in ("a b", "a:b", "a/b"):
        with pytest.raises(BadValueError, match="bad name"):
            convert.plain_name(name)


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", {}),
        ('A="1",B=two', {"A": "1", "B": "two"}),
        ('PATH ="x"', {"PATH": "x"}),
        ("DISPLAY=:99", {"DISPLAY": ":99"}),
        ("A=\"x,y <z>\",B='q'", {"A": "x,y <z>", "B": "q"}),
        ('JAVA_HOME=""', {"JAVA_HOME": ""}),
        ("A=1;B=2", {"A": "1", "B": "2"}),
        ("A=1,\n  B=2,", {"A": "1", "B": "2"}),
        ('A=x"y"', {"A": 'x"y'}),
    ],
)
def test_environments(text: str, pairs: dict[str, str]) -> None:
    assert convert.environment(text) == pairs


@pytest.mark.parametrize("text", ["A", "A=", "A=1,,B=2", "A=a@b", 'A="open'])
def test_broken_environments_are_refused_without_showing_values(text: str) -> None:
    with pytest.raises(BadValueError) as caught:
        convert.environment("FIRST=secret," + text)
    assert "secret" not in str(caught.value) + caught.value.hint


def as_supervisor_cuts(text: str) -> dict[str, str] | None:
    """The pairs by the standard tokenizer alone, four tokens at a time."""
    lexer = shlex.shlex(text)
    lexer.wordchars += "/.+-():"
    try:
        tokens = list(lexer)
    except ValueError:
        return None
    pairs = {}
    for index in range(0, len(tokens), 4):
        triple = tokens[index : index + 3]
        if len(triple) != 3 or triple[1] != "=":
            return None
        pairs[triple[0]] = triple[2].strip("'\"")
    return pairs


@given(st.text(alphabet="AB1=,'\" ;#\n\té@-", max_size=16))
def test_the_fast_way_through_an_environment_changes_nothing(text: str) -> None:
    try:
        pairs: dict[str, str] | None = convert.environment(text)
    except BadValueError:
        pairs = None
    assert pairs == as_supervisor_cuts(text)


def test_a_directory_is_looked_up_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def is_directory(path: str) -> bool:
        asked.append(path)
        return True

    around = Surroundings({}, DebianAccounts(), "box", is_directory=is_directory)
    convert.existing_directory(str(tmp_path), around)
    convert.existing_directory(str(tmp_path), around)
    assert asked == [str(tmp_path)]
