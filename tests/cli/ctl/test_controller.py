"""From a line to an action, and what is said when an action meets with the unexpected."""

import re

import pytest

from cli.ctl.conftest import Desk
from vigild.cli.ctl.controller import Controller
from vigild.cli.ctl.options import Options


def test_answer_that_is_none_is_told_as_supervisorctl_tells_it(desk: Desk) -> None:
    desk.daemon.methods["supervisor.getSupervisorVersion"] = lambda: b"<nonsense/>"
    said = desk.say("version")
    assert said.startswith(
        "error: <class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 0 what is no"
    )
    assert re.search(r": file: \S+\.py line: \d+\n$", said)
    assert desk.ctl.exit_status == 1


def test_daemon_that_hangs_up_is_told_of(desk: Desk) -> None:
    def hang_up() -> None:
        desk.daemon.hang_up()

    desk.daemon.methods["supervisor.getPID"] = hang_up
    said = desk.say("pid")
    assert said.startswith("error: <class ")
    assert "Remote end closed connection" in said or "Errno" in said
    assert "tried: unix socket" in desk.err.getvalue()
    assert desk.ctl.exit_status == 1


def test_fault_of_the_first_question_is_told(desk: Desk) -> None:
    from cli.ctl.scenes import raises

    desk.daemon.methods["supervisor.getVersion"] = raises(30, "FAILED: odd")
    assert desk.say("version").startswith(
        "error: <class 'xmlrpc.client.Fault'>, <Fault 30: 'FAILED: odd'>: file: "
    )
    assert desk.ctl.exit_status == 1


REFUSAL = "FAILED: not allowed: this needs the role admin, and ann@10.0.0.7 is viewer"


@pytest.mark.parametrize(
    ("line", "method", "said"),
    [
        ("reread", "reloadConfig", REFUSAL),
        ("avail", "getAllConfigInfo", REFUSAL),
        ("add new", "addProcessGroup", REFUSAL),
        ("shutdown", "shutdown", REFUSAL),
        ("stop all", "stopAllProcesses", REFUSAL),
        ("start web:*", "startProcessGroup", REFUSAL),
        ("start cat", "startProcess", REFUSAL),
        ("restart cat", "startProcess", f"cat: stopped\n{REFUSAL}"),
        ("clear cat", "clearProcessLogs", REFUSAL),
        ("tail cat", "readProcessStdoutLog", REFUSAL),
        ("maintail", "readLog", REFUSAL),
        ("fg cat", "getProcessInfo", REFUSAL),
    ],
)
def test_who_may_not_is_told_in_the_words_of_the_daemon(
    desk: Desk, line: str, method: str, said: str
) -> None:
    from cli.ctl.scenes import raises

    desk.daemon.methods[f"supervisor.{method}"] = raises(30, REFUSAL)
    text = desk.say(line)
    assert text.endswith(f"{said}\n")
    assert "error" not in text.lower()
    assert desk.ctl.exit_status == 1


def test_daemon_that_is_upgraded_meanwhile_is_told_of(desk: Desk) -> None:
    def no_longer() -> bool:
        desk.daemon.http_status = 503
        return True

    desk.daemon.methods["supervisor.shutdown"] = no_longer
    said = desk.say("shutdown")
    assert "<ProtocolError for 127.0.0.1/RPC2: 503 Service Unavailable>" in said
    assert "what was ordered goes on" in desk.err.getvalue()
    assert desk.ctl.exit_status == 1


@pytest.mark.parametrize("line", ["", "   ", "\t"])
def test_empty_lines_do_nothing(desk: Desk, line: str) -> None:
    assert desk.say(line) == ""
    assert desk.daemon.calls == []


def test_url_of_another_kind(capsys: pytest.CaptureFixture[str]) -> None:
    ctl = Controller(Options(server_url="ftp://me:secret@host"))
    ctl.run("avail")
    said = capsys.readouterr().out
    assert said.startswith("error: <class 'ValueError'>, Unknown protocol for serverurl ftp://host: file: ")
    assert ctl.exit_status == 1
