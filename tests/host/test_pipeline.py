"""The options that look at the data, with real children and with none."""

import json
import re
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from support.machine import ListLog, Machine, on_machine
from vigild.engine.ports import StreamPlan
from vigild.host.flight import FlightRecorder, Mark
from vigild.host.logfiles import ChildLogs
from vigild.host.pipeline import Pipeline, needs_pipeline, timestamp
from vigild.host.syslog import Syslog


def test_a_plain_log_needs_none() -> None:
    assert not needs_pipeline(StreamPlan("stdout", "/log", max_bytes=1, backups=1))
    assert needs_pipeline(StreamPlan("stdout", None, syslog_tag=""))


def test_escapes_captures_and_prefixes_of_a_real_child(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        heard: list[bytes] = []
        captured: list[bytes] = []
        plan = machine.plan(
            strip_ansi=True,
            capture_max_bytes=100,
            line_prefix=b"web: ",
            on_data=heard.append,
            on_capture=captured.append,
        )
        script = "printf '\\033[31mred\\033[0m\\n<!--XSUPERVISOR:BEGIN-->told\\n<!--XSUPERVISOR:END-->more\\n'; printf 'last <!--X'"
        await machine.ended(machine.run(script, stdout=plan))
        assert machine.read("stdout") == b"web: red\nweb: more\nweb: last <!--X"
        assert b"".join(heard) == b"red\nmore\nlast <!--X"
        assert captured == [b"told\n"]

    on_machine(short_tmp, play)


def test_what_a_descendant_writes_later_goes_to_the_file_only(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        import os

        go = short_tmp / "go"
        os.mkfifo(go)
        heard: list[bytes] = []
        child = machine.run(
            f"echo now; (read x < {go}; echo later) & exit 0", stdout=machine.plan(on_data=heard.append)
        )
        await machine.ended(child)
        go.write_bytes(b"\n")
        await machine.holds(lambda: machine.read("stdout") == b"now\nlater\n")
        assert b"".join(heard) == b"now\n"

    on_machine(short_tmp, play)


def test_a_listener_may_end_the_child_from_within_its_data(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        children = []

        def on_data(data: bytes) -> None:
            children[0].finish()

        children.append(machine.run("echo x; sleep 1000", stdout=machine.plan(on_data=on_data)))
        await machine.holds(lambda: machine.read("stdout") == b"x\n")

    on_machine(short_tmp, play)


def test_times_before_lines(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "test", ListLog())
    plan = StreamPlan("stdout", str(tmp_path / "log"), line_timestamps=True, line_prefix=b"p ")
    pipeline = Pipeline(plan, logs.open(plan), Syslog())
    pipeline.feed(b"one\ntwo")
    pipeline.feed(b"\n")
    pipeline.flush()
    logs.close_all()
    stamp = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d"
    assert re.fullmatch(stamp + rb" p one\n" + stamp + rb" p two\n", (tmp_path / "log").read_bytes())


def test_lines_as_json_of_a_real_child(short_tmp: Path) -> None:
    async def play(machine: Machine) -> None:
        heard: list[bytes] = []
        plan = machine.plan(
            json_program="web:1", strip_ansi=True, capture_max_bytes=100, on_data=heard.append
        )
        script = "printf '\\033[31mred\\033[0m\\n<!--XSUPERVISOR:BEGIN-->told<!--XSUPERVISOR:END-->more\\r\\nlast <!--X'"
        await machine.ended(machine.run(script, stdout=plan))
        found = [json.loads(line) for line in machine.read("stdout").splitlines()]
        assert [("web:1", "stdout", text) for text in ("red", "more", "last <!--X")] == [
            (item["program"], item["stream"], item["message"]) for item in found
        ]
        for item in found:
            assert datetime.fromisoformat(item["time"]).tzinfo is not None
        assert b"red\nmore\r\nlast <!--X" == b"".join(heard), "events get what was written"

    on_machine(short_tmp, play)


def test_syslog_gets_text_where_the_log_gets_json(short_tmp: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(short_tmp / "log"))
        logs = ChildLogs(str(short_tmp), "test", ListLog())
        plan = StreamPlan("stdout", str(short_tmp / "out"), syslog_tag="web", json_program="web")
        syslog = Syslog(ident="supervisord", path=str(short_tmp / "log"))
        pipeline = Pipeline(plan, logs.open(plan), syslog)
        pipeline.feed(b"one\ntw")
        pipeline.flush()
        syslog.close()
        logs.close_all()
        assert [b"web one", b"web tw"] == [server.recv(1000)[-len(end) :] for end in (b"web one", b"web tw")]
    written = (short_tmp / "out").read_text().splitlines()
    assert ["one", "tw"] == [json.loads(line)["message"] for line in written]


def test_without_a_file_nothing_becomes_json() -> None:
    pipeline = Pipeline(StreamPlan("stdout", None, json_program="web"), None, Syslog())
    pipeline.feed(b"half")
    assert b"" == pipeline.state()


def test_a_timestamp_is_iso_8601_in_local_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert timestamp(1_700_000_000.5) == b"2023-11-15T06:13:20.500+08:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_lines_go_to_syslog_one_by_one_with_their_tag(short_tmp: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(short_tmp / "log"))
        syslog = Syslog(ident="supervisord", path=str(short_tmp / "log"))
        pipeline = Pipeline(StreamPlan("stdout", None, syslog_tag="web"), None, syslog)
        pipeline.feed(b"one\ntw")
        pipeline.feed(b"o\nrest")
        pipeline.flush()
        syslog.close()
        got = [server.recv(1000) for _ in range(3)]
        for message, text in zip(got, (b"one", b"two", b"rest"), strict=True):
            assert re.fullmatch(
                rb"<14>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d supervisord: web " + text, message
            )


STATES = [
    b"",
    b"half a line",
    b"half a sequence \x1b[3",
    b"half a token <!--XSUPERVISOR:BEG",
    b"<!--XSUPERVISOR:BEGIN-->half a part",
    b"<!--XSUPERVISOR:BEGIN-->half a part <!--XSUPERV",
]


@pytest.mark.parametrize("look", [{"line_prefix": b"> "}, {"json_program": "web"}])
@pytest.mark.parametrize("before", STATES)
def test_another_pipeline_goes_on_where_one_was(
    tmp_path: Path, before: bytes, look: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two lives with a state handed over are as one life."""
    monkeypatch.setattr("vigild.host.pipeline.timestamp", lambda wall: b"then")
    after = b"1mred\x1b[0m\nISOR:END-->text\nlast"
    parts: list[bytes] = []

    def make(path: Path) -> tuple[Pipeline, ChildLogs]:
        logs = ChildLogs(str(tmp_path), "test", ListLog())
        plan = StreamPlan("stdout", str(path), strip_ansi=True, capture_max_bytes=100, **look)
        plan.on_capture = parts.append
        plan.syslog_tag = "web"
        return Pipeline(plan, logs.open(plan), Syslog(path=str(tmp_path / "none"))), logs

    one, logs = make(tmp_path / "one")
    one.feed(before)
    one.feed(after)
    one.flush()
    logs.close_all()
    expected, parts = parts, []
    first, logs = make(tmp_path / "two")
    first.feed(before)
    logs.close_all()
    second, logs = make(tmp_path / "two")
    second.restore(first.state())
    second.feed(after)
    second.flush()
    logs.close_all()
    assert (tmp_path / "two").read_bytes() == (tmp_path / "one").read_bytes()
    assert parts == expected


def test_a_state_is_saved_when_it_changes_and_only_then(tmp_path: Path) -> None:
    saved: list[bytes] = []
    logs = ChildLogs(str(tmp_path), "test", ListLog())
    plan = StreamPlan("stdout", str(tmp_path / "log"), line_prefix=b"> ")
    pipeline = Pipeline(plan, logs.open(plan), Syslog(), saved.append)
    for data in (b"a\n", b"b\n", b"half", b" more", b" end\n", b"c\n"):
        pipeline.feed(data)
    logs.close_all()
    assert len(saved) == 2
    assert saved[0] != b"" == saved[1]


def test_a_state_of_options_that_are_gone_is_left_out(tmp_path: Path) -> None:
    logs = ChildLogs(str(tmp_path), "test", ListLog())
    plan = StreamPlan("stdout", str(tmp_path / "log"), strip_ansi=True, capture_max_bytes=9, line_prefix=b"x")
    plan.syslog_tag, plan.json_program = "", "web"
    full = Pipeline(plan, logs.open(plan), Syslog(path=str(tmp_path / "none")))
    full.feed(b"in line <!--XSUPERVISOR:BEGIN-->part\x1b[")
    bare = Pipeline(StreamPlan("stdout", None, on_data=lambda data: None), None, Syslog())
    bare.restore(full.state())
    logs.close_all()
    assert bare.state() == b""


def test_a_full_runtime_directory_costs_the_record_and_nothing_else(tmp_path: Path) -> None:
    class FullRecorder(FlightRecorder):
        def output_follows(self, state: bytes, output: bytes | memoryview, mark: Mark) -> None:
            raise OSError(28, "No space left on device")

    logs = ChildLogs(str(tmp_path), "test", ListLog())
    plan = StreamPlan("stdout", str(tmp_path / "log"), line_prefix=b"> ")
    pipeline = Pipeline(plan, logs.open(plan), Syslog())
    recorder = FullRecorder(str(tmp_path / "flight"))
    recorder.expect_nothing(b"")
    pipeline.feed(b"line\n", recorder)
    recorder.done()
    recorder.close()
    logs.close_all()
    assert (tmp_path / "log").read_bytes() == b"> line\n"
    assert pipeline.unrecorded == 1
