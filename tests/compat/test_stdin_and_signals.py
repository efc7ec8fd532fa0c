"""sendProcessStdin, signalProcess and their faults; start, stop of groups by XML-RPC."""

from collections.abc import Callable

from support.compat.playbill import Scenario
from support.compat.stage import Stage

Agree = Callable[[Scenario], None]

PROGRAMS = """
[program:cat]
command=/bin/cat
startsecs=0
stdout_logfile=%(here)s/cat.log
[program:idle]
command=/bin/sleep 1000
startsecs=0
autostart=false
[program:deaf]
command=/bin/sh -c "exec <&-; : > %(here)s/closed; exec sleep 1000"
startsecs=0
[program:missing]
command=/nowhere/program
autostart=false
[program:a]
command=/bin/sleep 1000
startsecs=0
autostart=false
[program:b]
command=/bin/sleep 1000
startsecs=0
autostart=false
[group:ab]
programs=a,b
"""


def test_stdin(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(PROGRAMS)
        stage.until_state("cat", "RUNNING")
        for chars in ("hello\n", "", "\u00e4\u4e2d\n", "two\nlines\n"):
            stage.rpc("sendProcessStdin", "cat", chars)
        stage.until(lambda: "two\nlines\n" in stage.path("cat.log").read_text())
        stage.show_file("cat.log")
        for name in ("idle", "nosuch", "ab:*", "ab:nosuch", "cat:cat"):
            stage.rpc("sendProcessStdin", name, "x")
        stage.rpc("sendProcessStdin", "cat", 5)

    agree(scenario)


def test_signals(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(PROGRAMS)
        stage.until_state("cat", "RUNNING")
        stage.until_state("deaf", "RUNNING")
        for name, number in (
            ("cat", "CONT"), ("cat", "SIGCONT"), ("cat", "18"), ("cat", 18), ("cat", "cont"), ("cat", "NOSUCH"), ("cat", ""),
            ("cat", "0"), ("cat", "-1"), ("cat", "999"), ("nosuch", "HUP"), ("idle", "HUP"), ("idle", "NOSUCH"), ("ab:*", "HUP"),
            ("ab:nosuch", "HUP"), ("ab", "HUP"), ("cat:*", "CONT"), ("cat:*", "NOSUCH"),
        ):  # fmt: skip
            stage.rpc("signalProcess", name, number)
        for name, number in (
            ("cat", "CONT"),
            ("nosuch", "HUP"),
            ("ab", "HUP"),
            ("cat", "NOSUCH"),
            ("ab", "NOSUCH"),
        ):
            stage.rpc("signalProcessGroup", name, number)
        stage.rpc("signalAllProcesses", "CONT")
        stage.rpc("signalAllProcesses", "NOSUCH")
        stage.rpc("signalProcess", "cat", "KILL")
        stage.until(lambda: stage.log_lines("exited: cat"))
        stage.show_log("exited: cat")

    agree(scenario)


def test_start_and_stop_by_rpc(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(PROGRAMS)
        stage.until_state("cat", "RUNNING")
        stage.until_state("deaf", "RUNNING")
        for method, *arguments in (
            ("startProcess", "cat"), ("startProcess", "nosuch"), ("startProcess", "missing"), ("startProcess", "ab:*"),
            ("startProcess", "ab:nosuch"), ("startProcess", "ab"), ("stopProcess", "ab:*"), ("stopProcess", "ab:nosuch"),
            ("stopProcess", "idle"), ("stopProcess", "nosuch"), ("startProcessGroup", "ab"), ("startProcessGroup", "ab"),
            ("startProcessGroup", "nosuch"), ("stopProcessGroup", "nosuch"), ("stopProcessGroup", "ab"), ("stopProcessGroup", "ab"),
            ("startProcessGroup", "missing"), ("startProcess", "idle", False), ("stopProcess", "idle", True),
            ("startProcessGroup", "ab", False), ("getProcessInfo", "nosuch"), ("getProcessInfo", "ab:*"), ("getProcessInfo", "ab:a"),
            ("getProcessInfo", "missing"), ("stopAllProcesses",), ("stopAllProcesses",), ("startAllProcesses", True),
            ("startAllProcesses", False),
        ):  # fmt: skip
            # Results of several come in the order in which each was done: a matter of chance in Supervisor.
            value = stage.rpc(method, *arguments)
            if isinstance(value, list):
                label, _ = stage.transcript.entries.pop()
                stage.note(label, sorted(value, key=lambda result: (result["group"], result["name"])))

    agree(scenario)
