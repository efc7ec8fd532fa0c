"""start, stop, restart, status, signal, pid, add, remove by supervisorctl, each client with each daemon."""

import re
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
            "status", "start cat", "start web:web_00", "start pair:*", "status pair:* cat", "stop pair:one pair:two", "stop pair:",
            "start all", "restart pair:two", "restart web:*", "stop web:web_01", "stop web:web_01", "stop all", "restart all",
        ):  # fmt: skip
            stage.ctl(*order.split())

    agree_four_ways(scenario)


# Below the first line of the answer to these stands help, in each one's own words.
USAGE_ERRORS = (
    "start", "stop", "restart", "signal", "signal HUP", "clear", "tail", "tail a b c d", "fg", "avail extra", "reread extra",
    "version extra", "shutdown extra", "reload extra", "maintail -f -5",
)  # fmt: skip
OTHER_ERRORS = (
    "add", "remove", "pid nosuch", "start nosuch", "stop nosuch", "restart nosuch", "status nosuch", "status nosuch:*",
    "start nosuch:*", "stop nosuch:*", "restart nosuch:*", "start pair", "stop pair", "start pair:nosuch", "stop pair:nosuch",
    "signal HUP nosuch", "signal HUP nosuch:*", "signal NOSUCH cat", "signal HUP pair:one", "clear nosuch", "clear pair:one",
    "add nosuch", "add cat", "remove nosuch", "remove cat", "tail nosuch", "tail nosuch stdin", "tail cat stdout stderr",
    "tail -5x cat", "fg nosuch", "fg pair:one", "fg cat web", "maintail nosuch", "frobnicate", "status cat nosuch",
    "pid nosuch cat", "open", "open ftp://nowhere",
)  # fmt: skip


def test_texts_of_errors(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(THREE)
        stage.until_state("cat", "RUNNING")
        done = stage.ctl(stdin="\n".join((*USAGE_ERRORS, *OTHER_ERRORS)) + "\n")
        stage.transcript.entries.pop()
        answers = done.stdout.decode().split("supervisor> ")[1:]
        for order, answer in zip((*USAGE_ERRORS, *OTHER_ERRORS), answers, strict=False):
            text = (
                answer.splitlines()[0]
                if order in USAGE_ERRORS
                else re.sub(r"^\d+$", "<pid>", answer, flags=re.MULTILINE)
            )
            stage.note(order, text)
        stage.note("answers", len(answers) - len(USAGE_ERRORS) - len(OTHER_ERRORS))

    agree_four_ways(scenario)


def test_exit_statuses_of_errors(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(THREE)
        stage.until_state("cat", "RUNNING")
        for order in (
            "start", "stop", "tail", "avail extra", "add cat", "remove cat", "pid nosuch", "start nosuch", "stop nosuch", "restart nosuch",
            "status nosuch", "status cat nosuch", "start nosuch:*", "signal NOSUCH cat", "clear nosuch", "tail nosuch", "fg nosuch",
            "maintail nosuch", "frobnicate", "open",
        ):  # fmt: skip
            stage.ctl(*order.split())
            stage.keep_first_line()

    agree(scenario)


def test_signals_pids_and_plain_questions(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(THREE)
        stage.until_state("cat", "RUNNING")
        # One shell for many orders: each client needs a while to start.
        orders = (
            "start pair:one", "start pair:two", "signal CONT cat", "signal SIGCONT cat", "signal 18 cat", "signal CONT pair:*",
            "signal CONT all", "signal 0 cat", "signal NOSUCH cat", "avail", "version", "clear cat", "clear all",
            "clear pair:one cat",
        )  # fmt: skip
        stage.ctl(stdin="\n".join(orders) + "\n")
        for order in ("signal CONT pair:*", "pid pair:one", "pid web:web_00", "pid", "pid all"):
            stage.ctl(*order.split())

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
        label, text = stage.transcript.entries.pop()
        # Which failure comes last, and so decides on the exit status, is a matter of chance.
        stage.note(label, text.rpartition("exit")[0])
        stage.ctl("restart", "missing")

    agree_four_ways(scenario)


def test_restart_of_a_process_that_exited(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        # It lives for a moment: one that ends at once is now and then reaped by Supervisor within the start itself.
        stage.start(
            "[program:once]\ncommand=/bin/sh -c 'sleep 0.3; exit 7'\nstartsecs=0\nautorestart=false\nexitcodes=7\n"
        )
        stage.until_state("once", "EXITED")
        stage.ctl("stop", "once")
        stage.ctl("restart", "once")
        stage.until_state("once", "EXITED")
        stage.infos("exitstatus", "spawnerr")
        stage.ctl("signal", "HUP", "once")

    agree_four_ways(scenario)
