"""The advice of `vigil check`, check by check: what it finds, where, and what it leaves alone."""

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from config.build import advice, load_file, load_text, write
from vigild.config.codes import CODES
from vigild.config.control import load_control
from vigild.config.lint import lint
from vigild.config.load import Loaded

P = "[program:x]\ncommand=/bin/sleep 5\n"


def test_a_program_defined_twice_is_an_error_here(tmp_path: Path) -> None:
    findings = advice(tmp_path, P + P, "V104")

    assert [(item.severity, item.where.line) for item in findings] == [("error", 3)]
    assert "supervisord.conf:1" in findings[0].text
    assert [item.severity for item in advice(tmp_path, "[supervisord]\n[supervisord]\n", "V104")] == [
        "warning"
    ]


def test_a_broken_file_is_advised_on_as_far_as_it_goes(tmp_path: Path) -> None:
    text = "[program:x]\ncommand=nginx\nuser=mallory\nstdout_logfile=/nowhere/x\n[program:a b]\ncommand=x\n"
    codes = [item.code for item in lint(load_text(tmp_path, text), environ={})]

    assert {"V011", "V010", "V204", "V008"} <= set(codes)


def test_findings_are_sorted_by_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, "[program:a]\ncommand=nginx\n", "a.conf")
    text = "[include]\nfiles=a.conf\n[program:x]\ncommand=nginx\nbogus=1\n"
    findings = lint(load_text(tmp_path, text), environ={"PATH": os.defpath})

    places = [(Path(item.where.file).name, item.where.line) for item in findings if item.where.line]
    assert places == sorted(places, key=lambda place: (place[0] == "a.conf", place[1]))


def test_a_file_that_is_not_there_gets_no_advice_but_that(tmp_path: Path) -> None:
    assert [item.code for item in lint(load_file(f"{tmp_path}/none"), environ={})] == ["V001"]


def test_a_load_that_came_to_nothing_gets_no_advice() -> None:
    assert lint(Loaded(None, (), ()), environ={}) == ()


def test_every_code_that_is_used_is_explained() -> None:
    folder = Path(lint.__code__.co_filename).parent
    source = "".join(path.read_text() for path in folder.glob("*.py") if path.name != "codes.py")

    assert [code for code in CODES if f'"{code}"' not in source] == []


def test_no_code_is_used_that_is_not_explained() -> None:
    folder = Path(lint.__code__.co_filename).parent
    used = {code for path in folder.glob("*.py") for code in re.findall(r'"(V\d{3})"', path.read_text())}

    assert used == set(CODES)


PIECES = st.sampled_from(
    ["[program:x]", "[supervisord]", "[group:g]", "[fcgi-program:f]", "[eventlistener:e]", "[include]", "[supervisorctl]",
     "[unix_http_server]", "[inet_http_server]", "[rpcinterface:r]", "[DEFAULT]", "\n", "\n", "\n", "=", " ", "command", "events",
     "socket", "port", "file", "files", "programs", "serverurl", "environment", "numprocs", "process_name", "stdout_logfile", "user",
     "password", "username", "directory", "x", "1", "-1", "%", "%(", ")s", "%(here)s", "%(process_num)d", ";", " #", '"', "'", "~", "/",
     ":", ",", "unix://", "tcp://", "nginx", "java", "sh -c ", "\0", "\ud800", "é", "*", "["]
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_no_text_makes_loading_or_advice_raise(text: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "supervisord.conf"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        loaded = load_file(str(path), {"HOME": "/root"})

        assert (loaded.config is None) == any(item.severity == "error" for item in loaded.diagnostics)
        lint(loaded, environ={})
        load_control(str(path), environ={})
