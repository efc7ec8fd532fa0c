"""The daemon as a process: its signals, flags, files, and how it goes into the background."""

import os
import re
import signal
from collections.abc import Callable

import pytest

from support.compat.playbill import Scenario
from support.compat.stage import Stage

Agree = Callable[[Scenario], None]

CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
GREPPED = (
    "received",
    "stopped",
    "waiting for",
    "logreopen",
    "exited",
    "spawned",
    "entered RUNNING",
    "supervisord started",
)


def test_signals_that_end_it(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            stage.start(CAT)
            stage.until_state("cat", "RUNNING")
            stage.end(signum)
            stage.show_log(*GREPPED)
            stage.path("supervisord.log").unlink()

    agree(scenario)


def test_shutdown_and_reload_by_the_client(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        stage.until_state("cat", "RUNNING")
        before = stage.pid("cat")
        stage.ctl("reload")
        stage.until(
            lambda: stage.answers() and stage.state("cat") == "RUNNING" and stage.pid("cat") != before
        )
        stage.ctl("shutdown")
        stage.end(None)

    agree_four_ways(scenario)


def test_hup_reads_the_configuration_again(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        stage.until_state("cat", "RUNNING")
        pid = stage.ask("supervisor.getPID")
        stage.configure(CAT.replace(":cat", ":dog"))
        stage.signal_daemon(signal.SIGHUP)
        stage.until(lambda: stage.answers() and stage.state("dog") == "RUNNING")
        stage.infos()
        stage.note("same daemon", stage.ask("supervisor.getPID") == pid)
        stage.show_log(*GREPPED)
        stage.note("pidfile", stage.path("supervisord.pid").read_text() == f"{pid}\n")
        stage.end()

    agree(scenario)


def test_usr2_opens_the_logs_anew(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:echo]\ncommand=/bin/sh -c 'while read x; do echo $x; done'\nstartsecs=0\nstdout_logfile=%(here)s/e.log\n"
        )
        stage.until_state("echo", "RUNNING")
        stage.ask("supervisor.sendProcessStdin", "echo", "before\n")
        stage.until(lambda: stage.path("e.log").read_text() == "before\n")
        for name in ("e.log", "supervisord.log"):
            stage.path(name).rename(stage.path(name + ".moved"))
        stage.signal_daemon(signal.SIGUSR2)
        stage.until(lambda: stage.path("e.log").exists() and stage.path("supervisord.log").exists())
        stage.ask("supervisor.sendProcessStdin", "echo", "after\n")
        stage.until(lambda: stage.path("e.log").read_text() == "after\n")
        stage.show_file("e.log.moved")
        stage.show_log("reopen")
        stage.note(
            "moved log",
            "\n".join(re.findall(r"INFO received .*", stage.path("supervisord.log.moved").read_text())),
        )

    agree(scenario)


def test_into_the_background(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.configure(CAT)
        stage.run_daemon()
        stage.until(stage.answers)
        stage.until_state("cat", "RUNNING")
        pid = stage.ask("supervisor.getPID")
        assert isinstance(pid, int)
        stage.note("pidfile", stage.path("supervisord.pid").read_text() == f"{pid}\n")
        stage.mode("supervisord.pid")
        stage.note("a session of its own", os.getsid(pid) not in (os.getsid(0), 0))
        stage.note("working directory", os.readlink(f"/proc/{pid}/cwd"))
        stage.note("streams", [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (0, 1, 2)])
        stage.show_log("daemonizing", "started")
        os.kill(pid, signal.SIGTERM)
        stage.until(lambda: not stage.living())
        stage.note("left behind", stage.leftovers())

    agree(scenario)


@pytest.mark.needs_root
def test_flags_that_configure(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.path("elsewhere").mkdir()
        flags = (
            "-i", "named", "-l", str(stage.path("main.log")), "-j", str(stage.path("my.pid")), "-q", str(stage.path("elsewhere")),
            "-m", "027", "-d", str(stage.path("elsewhere")), "-y", "300", "-z", "2", "-e", "debug", "-a", "256", "-u", "root",
            "--minprocs=30", "-s", "-t", "-k",
        )  # fmt: skip
        stage.start(
            "[program:where]\ncommand=/bin/sh -c 'umask; pwd; exec sleep 1000'\nstartsecs=0\n", *flags
        )
        stage.until(lambda: stage.ask("supervisor.readProcessStdoutLog", "where", 0, 0))
        stage.rpc("getIdentification")
        stage.rpc("readProcessStdoutLog", "where", 0, 0)
        stage.infos("logfile")
        stage.note("files", sorted(path.name for path in stage.root.glob("m*")))
        stage.note("said", stage.said())

    agree(scenario)


@pytest.mark.needs_root
def test_long_flags(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.configure("[program:where]\ncommand=/bin/sh -c 'umask; exec sleep 1000'\nstartsecs=0\n")
        stage.spawn(
            [
                stage.daemon.command("supervisord"), f"--configuration={stage.path('supervisord.conf')}", "--nodaemon", "--identifier=x",
                "--umask=077", f"--logfile={stage.path('long.log')}", "--logfile_maxbytes=1MB", "--logfile_backups=3",
                "--loglevel=info", f"--pidfile={stage.path('long.pid')}", f"--childlogdir={stage.path('logs')}", "--nocleanup",
                "--minfds=256", "--strip_ansi", "--user=root", f"--directory={stage.root}", "--silent",
            ]
        )  # fmt: skip
        stage.until(stage.answers)
        stage.until(lambda: stage.ask("supervisor.readProcessStdoutLog", "where", 0, 0))
        stage.rpc("getIdentification")
        stage.rpc("readProcessStdoutLog", "where", 0, 0)
        stage.note("files", sorted(path.name for path in stage.root.glob("long.*")))

    agree(scenario)


def test_flags_that_are_wrong(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.configure(CAT)
        for flags in (
            ("--nosuch",), ("-x",), ("-l",), ("-n", "extra"), ("--nodaemon=1",), ("-j", "/nowhere/at/all/x.pid", "--nosuch"), ("-i",),
            ("--user",),
        ):  # fmt: skip
            stage.run_daemon(*flags)
        stage.run_daemon("-c", "/nowhere/at/all.conf", config=False)
        stage.keep_first_line()
        stage.path("empty").mkdir()
        stage.run_daemon("-n", config=False, cwd="empty")
        label, text = stage.transcript.entries.pop()
        stage.note(label, [line for line in text.splitlines() if line.startswith(("!Error", "exit"))])

    agree(scenario)


def test_values_of_flags_that_are_wrong(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.configure(CAT)
        for flags in (
            ("-e", "nosuch"), ("-z", "many"), ("-y", "lots"), ("-u", "no-such-user-here"), ("-m", "999"), ("-d", "/nowhere/at/all"),
            ("-a", "many"), ("-q", "/nowhere/at/all"), ("--minprocs", "x"), ("-l", "/nowhere/at/all/x.log"),
        ):  # fmt: skip
            stage.run_daemon(*flags)
            label, text = stage.transcript.entries.pop()
            # What is wrong is said in each one's own words (see test_differences); how it ends is the same.
            lines = text.splitlines()
            stage.note(label, [lines[0][:8], *lines[-2:]])

    agree(scenario)


def test_help_and_version(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.run_daemon("-v", config=False)
        stage.run_daemon("--version", config=False)
        for flag in ("-h", "--help"):
            stage.run_daemon(flag, config=False)
            _, text = stage.transcript.entries.pop()
            # The prose is our own; every flag of the original must be in it.
            wanted = {
                "-c",
                "-n",
                "-s",
                "-h",
                "-v",
                "-u",
                "-m",
                "-d",
                "-l",
                "-y",
                "-z",
                "-e",
                "-j",
                "-i",
                "-q",
                "-k",
                "-a",
                "-t",
                "--minprocs",
                "--nodaemon",
                "--strip_ansi",
            }
            stage.note(f"flags in {flag}", sorted(wanted & set(re.findall(r"-{1,2}[a-z_]+", text))))
            stage.note("exit", text.splitlines()[-1])

    agree(scenario)


def test_configurations_that_are_refused(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        for name, body in (
            ("no section", ""),
            ("bad value", "[supervisord]\n[program:x]\ncommand=/bin/cat\nstartsecs=many\n"),
            ("no command", "[supervisord]\n[program:x]\n"),
            ("bad level", "[supervisord]\nloglevel=loud\n"),
            ("bad expansion", "[supervisord]\n[program:x]\ncommand=%(ENV_NO_SUCH_THING)s\n"),
            ("no group member", "[supervisord]\n[group:g]\nprograms=nosuch\n"),
            ("no equals sign", "[supervisord]\n[program:x]\ncommand\n"),
            ("text before a section", "command=/bin/cat\n[supervisord]\n"),
            ("bad rpcinterface", "[supervisord]\n[rpcinterface:x]\n"),
            ("socket without file", "[supervisord]\n[unix_http_server]\n"),
            ("username only", "[supervisord]\n[inet_http_server]\nport=127.0.0.1:1\nusername=x\n"),
        ):
            stage.write("supervisord.conf", body)
            stage.run_daemon("-n", "-l", str(stage.path("refused.log")), "-j", str(stage.path("refused.pid")))
            _, text = stage.transcript.entries.pop()
            # Vigil says more and says it better; that it is an error, on stderr, with status 2 is the same.
            lines = text.splitlines()
            stage.note(name, [any(line.startswith("!Error: ") for line in lines), lines[-1]])

    agree(scenario)
