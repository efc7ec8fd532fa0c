"""What Vigil does otherwise on purpose. Each test is a row of docs/compatibility.md and shows both behaviours."""

import os
import signal
import socket
import subprocess
import xmlrpc.client
from collections.abc import Callable

from support.compat import wire
from support.compat.playbill import Scenario
from support.compat.stage import HEAD, Stage
from support.compat.transcript import Transcript

PlayBoth = Callable[[Scenario], tuple[Transcript, Transcript]]

CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
LISTENER = """
[eventlistener:events]
command=%(ENV_PYTHON)s %(ENV_PROBES)s/listener.py %(here)s/events
events={events}
startsecs=0
priority=1
"""
ONCE = "startsecs=0\nautorestart=false\nautostart=false\n"


def test_len_counts_bytes(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(LISTENER.format(events="REMOTE_COMMUNICATION"))
        stage.until_state("events", "RUNNING")
        stage.ask("supervisor.sendRemoteCommEvent", "greeting", "caf\u00e9 \u4e2d\u6587")
        stage.until_event("REMOTE_COMMUNICATION")
        _header, payload = stage.events()[0]
        stage.note("payload", payload)

    theirs, ours = play_both(scenario)
    assert theirs.of("payload") == ["type:greeting\ncaf\u00e9 \\xe4"]  # five bytes short
    assert ours.of("payload") == ["type:greeting\ncaf\u00e9 \u4e2d\u6587"]


def test_several_environment_lines_are_merged(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:p]\ncommand=/bin/sh -c 'echo A=$A B=$B C=$C'\n" + ONCE
            + "environment=A=1,B=old\nenvironment=B=2\nenvironment=C=3\n"
        )  # fmt: skip
        stage.run_to_its_end("p")
        stage.rpc("readProcessStdoutLog", "p", 0, 0)

    theirs, ours = play_both(scenario)
    assert theirs.of("readProcessStdoutLog('p', 0, 0)") == ["A= B= C=3\n"]
    assert ours.of("readProcessStdoutLog('p', 0, 0)") == ["A=1 B=2 C=3\n"]


def test_a_percent_sign_in_the_daemons_environment(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        head = HEAD.replace("[supervisord]\n", '[supervisord]\nenvironment=SHARE="100%%"\n')
        stage.configure("[program:p]\ncommand=/bin/sh -c 'echo $SHARE'\n" + ONCE, head)
        stage.spawn(stage.argv("-n"))
        process = stage.process
        assert process is not None
        stage.until(lambda: process.poll() is not None or stage.path("s.sock").exists())
        if process.poll() is not None:
            stage.note("share", f"refused with status {process.returncode}")
            return
        stage.until(stage.answers)
        stage.run_to_its_end("p")
        stage.note("share", stage.ask("supervisor.readProcessStdoutLog", "p", 0, 0))

    theirs, ours = play_both(scenario)
    assert theirs.of("share") == ["refused with status 2"]
    assert ours.of("share") == ["100%\n"]


def test_dev_stdout_with_rotation_on(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:p]\ncommand=/bin/sh -c 'echo hello; exec sleep 1000'\nstartsecs=0\nstartretries=0\nstdout_logfile=/dev/stdout\n",
            piped=True,
        )
        stage.until_state("p", "RUNNING", "FATAL")
        stage.until(lambda: "hello" in stage.said())
        stage.until(lambda: stage.daemon.name == "vigil" or "Illegal seek" in stage.said())
        stage.note("said", "Illegal seek" if "Illegal seek" in stage.said() else "hello")
        os.kill(int(str(stage.ask("supervisor.getPID"))), signal.SIGTERM)

    theirs, ours = play_both(scenario)
    assert theirs.of("said") == ["Illegal seek"]
    assert ours.of("said") == ["hello"]


def test_clearing_the_log_of_a_program_that_has_ended(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start("[program:p]\ncommand=/bin/echo hello\n" + ONCE + "stdout_logfile=%(here)s/p.log\n")
        stage.run_to_its_end("p")
        stage.rpc("clearProcessLogs", "p")
        path = stage.path("p.log")
        stage.note("size", str(path.stat().st_size if path.exists() else 0))

    theirs, ours = play_both(scenario)
    assert theirs.of("clearProcessLogs('p')") == ours.of("clearProcessLogs('p')") == ["True"]
    assert theirs.of("size") == ["6"]
    assert ours.of("size") == ["0"]


def test_a_log_that_is_not_utf8_can_be_read(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.write("say.sh", "printf 'gr\\374n\\n'\n")
        stage.start("[program:p]\ncommand=/bin/sh %(here)s/say.sh\n" + ONCE)
        stage.run_to_its_end("p")
        stage.rpc("readProcessStdoutLog", "p", 0, 0)

    theirs, ours = play_both(scenario)
    assert theirs.of("readProcessStdoutLog('p', 0, 0)") == ["HTTP 500 Internal Server Error"]
    assert ours.of("readProcessStdoutLog('p', 0, 0)")[0].startswith("gr")


def test_short_output_is_not_held_back_in_capture_mode(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:p]\ncommand=/bin/sh -c 'echo ready; echo ready >&2; exec sleep 1000'\nstartsecs=0\n"
            "stdout_capture_maxbytes=1MB\nstdout_logfile=%(here)s/p.log\nstderr_logfile=%(here)s/p.err\n"
        )
        stage.until(lambda: stage.path("p.err").read_text() == "ready\n")
        stage.rpc("getState")
        stage.until(lambda: stage.daemon.name != "vigil" or stage.path("p.log").read_text())
        stage.note("log", stage.path("p.log").read_text())

    theirs, ours = play_both(scenario)
    assert theirs.of("log") == [""]
    assert ours.of("log") == ["ready\n"]


def test_captured_text_is_no_log_event(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.write(
            "say.sh",
            "printf '<!--XSUPERVISOR:BEGIN-->captured<!--XSUPERVISOR:END-->and then some text that is logged'; exec sleep 1000\n",
        )
        stage.start(
            LISTENER.format(events="PROCESS_LOG,PROCESS_COMMUNICATION")
            + "[program:p]\ncommand=/bin/sh %(here)s/say.sh\nstartsecs=0\nstdout_capture_maxbytes=1MB\nstdout_events_enabled=true\n"
        )
        stage.until_event("PROCESS_LOG_STDOUT", "is logged")
        stage.until_event("PROCESS_COMMUNICATION_STDOUT", "captured")
        stage.note(
            "kinds", sorted(h["eventname"] for h, payload in stage.events() if payload.endswith("\ncaptured"))
        )

    theirs, ours = play_both(scenario)
    assert theirs.of("kinds") == ["['PROCESS_COMMUNICATION_STDOUT', 'PROCESS_LOG_STDOUT']"]
    assert ours.of("kinds") == ["['PROCESS_COMMUNICATION_STDOUT']"]


def test_bad_requests_are_told_so(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        body = xmlrpc.client.dumps(("x", 0), "supervisor.readLog").encode()
        for label, answer in (
            ("/logtail", wire.request(stage.address, "GET", "/logtail")),
            ("offset x", wire.request(stage.address, "POST", "/RPC2", body, {"Content-Type": "text/xml"})),
        ):
            stage.note(label, str(answer.status))

    theirs, ours = play_both(scenario)
    assert (theirs.of("/logtail"), ours.of("/logtail")) == (["500"], ["404"])
    assert theirs.of("offset x") == ["500"]
    assert ours.of("offset x") == ["200"]  # a fault


def test_a_call_without_a_body_is_answered(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(3)
            client.connect(stage.address.path)
            client.sendall(
                b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 0\r\n\r\n"
            )
            try:
                stage.note("answer", client.recv(100).decode().split("\r\n")[0])
            except TimeoutError:
                stage.note("answer", "none in three seconds")

    theirs, ours = play_both(scenario)
    assert theirs.of("answer") == ["none in three seconds"]
    assert ours.of("answer") == ["HTTP/1.1 400 Bad Request"]


def test_fastcgi_sockets_are_made_at_the_first_start(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[fcgi-program:f]\ncommand=%(ENV_PYTHON)s %(ENV_PROBES)s/fcgi.py\nstartsecs=0\nautostart=false\nsocket=unix://%(here)s/f.sock\n"
        )
        stage.note("before the start", stage.path("f.sock").exists())

    theirs, ours = play_both(scenario)
    assert theirs.of("before the start") == ["True"]  # made, closed again, and left over
    assert ours.of("before the start") == ["False"]


def test_why_a_spawn_failed_is_said(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:p]\ncommand=/bin/sleep 1000\ndirectory=/nowhere\nstartretries=0\nstartsecs=3\nautostart=false\n"
        )
        stage.rpc("startProcess", "p")
        stage.until_state("p", "FATAL")
        infos = stage.ask("supervisor.getAllProcessInfo")
        assert isinstance(infos, list)
        stage.note("spawnerr", infos[0]["spawnerr"])

    theirs, ours = play_both(scenario)
    assert theirs.of("spawnerr") == ["Exited too quickly (process log may have details)"]
    assert ours.of("spawnerr") == ["couldn't chdir to /nowhere: ENOENT"]


def test_a_stop_right_after_the_start_is_not_lost(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        stage.until_state("cat", "RUNNING")
        if stage.daemon.name != "vigil":
            stage.note("killed", "sometimes")  # a matter of microseconds: not forced here
            return
        for _ in range(20):
            stage.ask("supervisor.stopProcess", "cat")
            stage.ask("supervisor.startProcess", "cat")
        stage.note("killed", str(len(stage.log_lines("SIGKILL"))))

    _, ours = play_both(scenario)
    assert ours.of("killed") == ["0"]


def test_groups_of_equal_priority_end_together(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:deaf]\ncommand=/bin/sh -c \"trap '' TERM; : > %(here)s/up; while :; do sleep 1000; done\"\nstartsecs=0\n"
            "stopwaitsecs=1\nkillasgroup=true\n"
            "[program:first]\ncommand=/bin/sleep 1000\nstartsecs=0\npriority=10\n" + CAT
        )
        stage.until(lambda: stage.path("up").exists())
        for name in ("cat", "first"):
            stage.until_state(name, "RUNNING")
        stage.end()
        stage.note("order", " ".join(line.split()[2] for line in stage.log_lines("stopped:")))

    theirs, ours = play_both(scenario)
    assert theirs.of("order") == ["deaf cat first"]
    assert ours.of("order") == ["cat deaf first"]


def test_an_early_end_is_never_a_success(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start("[program:p]\ncommand=/bin/false\nstartsecs=1\nstartretries=1\n")
        stage.until_state("p", "FATAL", "BACKOFF", "EXITED")
        if stage.daemon.name == "vigil":
            stage.until_state("p", "FATAL")
        stage.note("successes", str(len(stage.log_lines("success: p"))))

    _, ours = play_both(scenario)
    assert ours.of("successes") == ["0"]


def test_what_is_wrong_is_said_better(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.configure(
            "[program:x]\ncommand=/bin/cat\nstartsecs=many\n[program:y]\ncommand=/bin/cat\nautostart=perhaps\n"
        )
        stage.run_daemon("-n")

    theirs, ours = play_both(scenario)
    label = "supervisord -n"
    assert (
        "startsecs" not in theirs.of(label)[0].partition("For help")[0]
        or "autostart" not in theirs.of(label)[0]
    )
    assert all(word in ours.of(label)[0] for word in ("startsecs", "autostart", "supervisord.conf:"))
    assert theirs.of(label)[0].splitlines()[-1] == ours.of(label)[0].splitlines()[-1] == "exit 2"


def test_the_client_says_what_it_tried(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.configure(CAT)
        stage.ctl("status")

    theirs, ours = play_both(scenario)
    (before,), (after,) = theirs.of("supervisorctl status"), ours.of("supervisorctl status")
    assert after.splitlines()[0] == before.splitlines()[0]
    assert after.splitlines()[-1] == before.splitlines()[-1]
    assert "!" not in before
    assert "supervisord.conf" in after


def test_a_refused_client_prints_no_traceback(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        head = HEAD.replace("file=%(here)s/s.sock\n", "file=%(here)s/s.sock\nusername=me\npassword=secret\n")
        stage.headers = {"Authorization": "Basic bWU6c2VjcmV0"}
        stage.start(CAT, head=head)
        stage.ctl("status")

    theirs, ours = play_both(scenario)
    assert "ProtocolError" in theirs.of("supervisorctl status")[0]
    assert "ProtocolError" not in ours.of("supervisorctl status")[0]


def test_programs_start_before_the_doors_open(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        stage.until_state("cat", "RUNNING")
        stage.until(lambda: stage.log_lines("RPC interface"))
        stage.note(
            "order",
            " ".join(line.split()[1].rstrip(":") for line in stage.log_lines("spawned:", "RPC interface")),
        )

    theirs, ours = play_both(scenario)
    assert theirs.of("order") == ["RPC spawned"]
    assert ours.of("order") == ["spawned RPC"]


def test_a_section_in_two_files_is_found_by_check(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        for name in ("a", "b"):
            stage.write(f"{name}.ini", f"[program:p]\ncommand=/bin/echo {name}\n{ONCE}")
        stage.start("[include]\nfiles=*.ini\n")
        stage.run_to_its_end("p")
        stage.note("which", stage.ask("supervisor.readProcessStdoutLog", "p", 0, 0))
        if stage.daemon.name == "vigil":
            check = [stage.daemon.command("vigil"), "check", str(stage.path("supervisord.conf"))]
            said = subprocess.run(check, capture_output=True, text=True, timeout=60, check=False).stdout
            stage.note("warned of", " ".join(name for name in ("a.ini:1", "b.ini:1") if name in said))

    theirs, ours = play_both(scenario)
    assert theirs.of("which") == ours.of("which") == ["b\n"]  # what comes last wins, in both
    assert ours.of("warned of") == ["a.ini:1 b.ini:1"]


def test_options_of_vigils_own_take_effect(play_both: PlayBoth) -> None:
    def scenario(stage: Stage) -> None:
        stage.write("more.env", "COLOUR=blue\n")
        stage.start(
            "[program:p]\ncommand=/bin/sh -c 'echo colour=$COLOUR; ulimit -n'\n" + ONCE
            + "envfile=%(here)s/more.env\nlimit_nofile=123\n"
        )  # fmt: skip
        stage.run_to_its_end("p")
        text = stage.ask("supervisor.readProcessStdoutLog", "p", 0, 0)
        assert isinstance(text, str)
        colour, files = text.splitlines()
        stage.note("found", f"{colour}, limited: {files == '123'}")

    theirs, ours = play_both(scenario)
    assert theirs.of("found") == ["colour=, limited: False"]
    assert ours.of("found") == ["colour=blue, limited: True"]
