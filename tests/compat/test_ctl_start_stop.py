"""start, stop, restart, status, signal, pid, add, remove by supervisorctl, each client with each daemon."""

from collections.abc import Callable

from support.compat.playbill import Scenario
from support.compat.stage import Stage

Agree = Callable[[Scenario], None]

THREE = """
[program:cat]
command=/bin/cat
startsecs=0
[program:web]
command=/bin/sleep 1000
process_name=%(program_name)s_%(process_num)02d
numprocs=2
startsecs=0
autostart=false
[program:one]
command=/bin/sleep 1000
startsecs=0
autostart=false
[program:two]
command=/bin/sleep 1000
startsecs=0
priority=3
autostart=false
[group:pair]
programs=one,two
priority=5
"""


def test_names_groups_and_all(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(THREE)
        stage.until_state("cat", "RUNNING")
        for order in (
            "status", "start cat", "start web:web_00", "start pair:one", "start pair:*", "status pair:*", "status cat pair:two",
            "stop pair:one pair:two", "stop pair:", "start all", "start all", "restart pair:two", "restart web:*",
            "stop web:web_01", "stop web:web_01", "stop all", "stop all", "restart all", "status all",
        ):  # fmt: skip
            stage.ctl(*order.split())

    agree_four_ways(scenario)


def test_errors_of_names_and_arguments(agree: Agree) -> None:
    usage = [
        "start",
        "stop",
        "restart",
        "signal",
        "clear",
        "tail",
        "fg",
        "avail",
        "reread",
        "version",
        "shutdown",
        "reload",
        "maintail",
    ]

    def scenario(stage: Stage) -> None:
        stage.start(THREE)
        stage.until_state("cat", "RUNNING")
        for order in (
            "start", "stop", "restart", "signal", "signal HUP", "clear", "add", "remove", "tail", "fg", "pid nosuch",
            "start nosuch", "stop nosuch", "restart nosuch", "status nosuch", "status nosuch:*", "start nosuch:*",
            "stop nosuch:*", "restart nosuch:*", "start pair", "stop pair", "start pair:nosuch", "stop pair:nosuch",
            "signal HUP nosuch", "signal HUP nosuch:*", "signal NOSUCH cat", "signal HUP pair:one", "clear nosuch",
            "clear pair:one", "add nosuch", "add cat", "remove nosuch", "remove cat", "tail nosuch", "tail nosuch stdin",
            "tail cat stdout stderr", "tail -5x cat", "tail a b c d", "fg nosuch", "fg pair:one", "fg cat web",
            "maintail nosuch", "frobnicate", "status cat nosuch", "avail extra", "reread extra", "version extra",
            "shutdown extra", "reload extra", "pid nosuch cat", "open", "open ftp://nowhere",
        ):  # fmt: skip
            stage.ctl(*order.split())
            if order.split()[0] in usage and (len(order.split()) < 3 or order.startswith("tail a")):
                stage.keep_first_line()  # below it: help, in each one's own words

    agree(scenario)  # two ways: the texts are the client's, the faults are compared elsewhere


def test_signals_pids_and_plain_questions(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(THREE)
        stage.until_state("cat", "RUNNING")
        stage.ctl("start", "pair:*")
        for order in (
            "signal CONT cat", "signal SIGCONT cat", "signal 18 cat", "signal CONT pair:*", "signal CONT all", "signal 0 cat",
            "avail", "pid pair:one", "pid", "version", "clear cat", "clear all", "clear pair:one cat",
        ):  # fmt: skip
            stage.ctl(*order.split())
        stage.ctl("pid", "all")

    agree_four_ways(scenario)


def test_what_start_says_of_programs_that_cannot_start(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.write("plain.txt", "not a program\n")
        stage.start(
            """
[program:missing]
command=/nowhere/program
autostart=false
[program:pathless]
command=no-such-program-anywhere
autostart=false
[program:plain]
command=%(here)s/plain.txt
autostart=false
[program:directory]
command=%(here)s
autostart=false
[program:early]
command=/bin/false
startretries=0
autostart=false
[program:badcwd]
command=/bin/sleep 1000
directory=/nowhere
startretries=0
autostart=false
"""
        )
        stage.ctl("status")
        for name in ("missing", "pathless", "plain", "directory", "early", "badcwd"):
            stage.ctl("start", name)
            stage.until(lambda name=name: stage.state(name) not in ("STARTING", "RUNNING", "BACKOFF"))
        stage.infos("exitstatus")
        stage.ctl("start", "missing", "early")
        stage.ctl("start", "all")
        stage.ctl("restart", "missing")

    agree_four_ways(scenario)


def test_restart_of_a_process_that_exited(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:once]\ncommand=/bin/sh -c 'exit 7'\nstartsecs=0\nautorestart=false\nexitcodes=7\n"
        )
        stage.until_state("once", "EXITED")
        stage.ctl("stop", "once")
        stage.ctl("restart", "once")
        stage.until_state("once", "EXITED")
        stage.infos("exitstatus", "spawnerr")
        stage.ctl("signal", "HUP", "once")

    agree_four_ways(scenario)
