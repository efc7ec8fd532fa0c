"""reread, add, remove, update: the configuration changes under a running daemon."""

from collections.abc import Callable

from support.compat.playbill import Scenario
from support.compat.stage import Stage

Agree = Callable[[Scenario], None]


def program(name: str, more: str = "") -> str:
    """A program that stays."""
    return f"[program:{name}]\ncommand=/bin/sleep 1000\nstartsecs=0\n{more}\n"


BEFORE = program("kept") + program("changed") + program("gone") + program("idle", "autostart=false")
AFTER = (
    program("kept") + program("changed", "priority=5") + program("fresh") + program("idle", "autostart=false")
)
BROKEN = "[program:broken]\ncommand=/bin/cat\nstartsecs=many\n"


def test_by_rpc(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(BEFORE)
        for name in ("kept", "changed", "gone"):
            stage.until_state(name, "RUNNING")
        stage.rpc("reloadConfig")
        stage.configure(AFTER)
        stage.rpc("reloadConfig")
        stage.rpc("reloadConfig")
        stage.infos()
        stage.rpc("getAllConfigInfo")
        for method, name in (
            ("addProcessGroup", "kept"), ("addProcessGroup", "nosuch"), ("addProcessGroup", "fresh"), ("addProcessGroup", "fresh"),
            ("removeProcessGroup", "nosuch"), ("removeProcessGroup", "gone"), ("stopProcess", "gone"), ("removeProcessGroup", "gone"),
            ("removeProcessGroup", "gone"), ("startProcess", "gone"), ("addProcessGroup", "gone"), ("stopProcessGroup", "changed"),
            ("removeProcessGroup", "changed"), ("addProcessGroup", "changed"), ("removeProcessGroup", "idle"),
            ("addProcessGroup", "idle"),
        ):  # fmt: skip
            stage.rpc(method, name)
        for name in ("changed", "fresh"):
            stage.until_state(name, "RUNNING")
        stage.infos()
        stage.rpc("reloadConfig")

    agree(scenario)


def test_a_broken_file(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(BEFORE)
        stage.until_state("kept", "RUNNING")
        for name, body in (
            ("value", BROKEN),
            ("no command", "[program:x]\nstartsecs=1\n"),
            ("bad boolean", "[program:x]\ncommand=/bin/cat\nautostart=perhaps\n"),
            ("bad signal", "[program:x]\ncommand=/bin/cat\nstopsignal=NOSUCH\n"),
            ("bad size", "[program:x]\ncommand=/bin/cat\nstdout_logfile_maxbytes=lots\n"),
            ("unknown program", "[group:g]\nprograms=nosuch\n"),
            ("bad expansion", "[program:x]\ncommand=/bin/cat %(nosuch)s\n"),
            ("bad event", "[eventlistener:x]\ncommand=/bin/cat\nevents=NOSUCH\n"),
            ("no events", "[eventlistener:x]\ncommand=/bin/cat\n"),
            ("bad user", "[program:x]\ncommand=/bin/cat\nuser=no-such-user-here\n"),
            ("bad name", "[program:x y:z]\ncommand=/bin/cat\n"),
            ("numprocs without number", "[program:x]\ncommand=/bin/cat\nnumprocs=2\n"),
            ("no socket", "[fcgi-program:x]\ncommand=/bin/cat\n"),
        ):
            stage.configure(body)
            fault = stage.rpc("reloadConfig")
            label, _ = stage.transcript.entries.pop()
            # Texts are for people and Vigil's are better; the fault's code and name are for programs.
            code = getattr(fault, "faultCode", fault)
            stage.note(f"{label} of {name}", [code, str(getattr(fault, "faultString", "")).partition(":")[0]])
        stage.infos()

    agree(scenario)


def test_by_the_client(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(BEFORE)
        for name in ("kept", "changed", "gone"):
            stage.until_state(name, "RUNNING")
        stage.ctl("reread")
        stage.configure(AFTER)
        for order in (
            "reread", "avail", "add fresh", "add fresh", "remove gone", "stop gone", "remove gone", "update nosuch", "update changed",
            "update",
        ):  # fmt: skip
            stage.ctl(*order.split())
        stage.configure(BEFORE)
        stage.ctl("update", "all")
        for name in ("changed", "gone"):
            stage.until_state(name, "RUNNING")
        stage.infos()
        stage.configure(BROKEN)
        for order in ("reread", "update"):
            done = stage.ctl(order)
            label, _ = stage.transcript.entries.pop()
            stage.note(f"{label} of a broken file", [done.stdout.decode().split(" ")[:2], done.returncode])

    agree_four_ways(scenario)


def test_which_changes_count(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        base = {"command": "/bin/sleep 1000", "startsecs": "0", "autostart": "false"}
        changes = (
            "priority=5", "command=/bin/sleep 2000", "autorestart=true", "startretries=9", "stopsignal=INT", "stopwaitsecs=3",
            "exitcodes=0,2", "user=root", "redirect_stderr=true", "stdout_logfile=NONE", "stderr_logfile=%(here)s/x.err",
            "stdout_logfile_maxbytes=5", "stdout_logfile_backups=3", "environment=A=1", "directory=/tmp", "umask=077",
            "serverurl=http://localhost:1", "stopasgroup=true", "killasgroup=true", "stdout_events_enabled=true",
            "stdout_capture_maxbytes=5", "stdout_syslog=true", "autostart=true", "startsecs=1",
        )  # fmt: skip

        def write(changed: str | None) -> None:
            options = dict(base)
            if changed:
                key, _, value = changed.partition("=")
                options[key] = value
            stage.configure("[program:x]\n" + "".join(f"{key}={value}\n" for key, value in options.items()))

        write(None)
        stage.start()
        # A running AUTO log is known by its file's name; a new AUTO equals everything.
        for change in changes:
            write(change)
            stage.note(change, stage.ask("supervisor.reloadConfig"))
        stage.configure(
            "[program:x]\ncommand=/bin/sleep 1000\nstartsecs=0\nautostart=false\n[group:g]\nprograms=x\n"
        )
        stage.note("into a group", stage.ask("supervisor.reloadConfig"))

    agree(scenario)


def test_changes_of_groups_listeners_and_sockets(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        def write(priority: int, members: str, events: str, buffer: int, socket: str) -> None:
            stage.configure(
                program("a", "autostart=false") + program("b", "autostart=false")
                + f"[group:g]\nprograms={members}\npriority={priority}\n"
                + f"[eventlistener:l]\ncommand=/bin/cat\nautostart=false\nevents={events}\nbuffer_size={buffer}\n"
                + f"[fcgi-program:f]\ncommand=/bin/cat\nautostart=false\nsocket=unix://%(here)s/{socket}\n"
            )  # fmt: skip

        write(1, "a", "EVENT", 10, "f.sock")
        stage.start()
        for arguments in (
            (2, "a", "EVENT", 10, "f.sock"), (1, "a,b", "EVENT", 10, "f.sock"), (1, "b", "EVENT", 10, "f.sock"),
            (1, "a", "TICK", 10, "f.sock"), (1, "a", "EVENT", 11, "f.sock"), (1, "a", "EVENT", 10, "g.sock"),
        ):  # fmt: skip
            write(*arguments)
            stage.note(str(arguments), stage.ask("supervisor.reloadConfig"))

    agree(scenario)


def test_included_files(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.path("conf.d").mkdir()
        stage.write(
            "conf.d/b.conf",
            "[program:b]\ncommand=/bin/echo %(here)s\nautostart=false\nstdout_logfile=%(here)s/b.log\n",
        )
        stage.write(
            "conf.d/a.ini", "[program:a]\ncommand=/bin/cat\nautostart=false\n[group:g]\nprograms=a,main\n"
        )
        stage.start(
            program("main", "autostart=false")
            + "[include]\nfiles=conf.d/*.conf %(here)s/conf.d/*.ini nowhere/*.conf\n"
        )
        stage.rpc("getAllConfigInfo")
        stage.write("conf.d/c.conf", "[program:c]\ncommand=/bin/cat\nautostart=false\n")
        stage.path("conf.d/a.ini").unlink()
        stage.rpc("reloadConfig")

    agree(scenario)


def test_a_log_file_that_becomes_auto(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(program("x", "stdout_logfile=%(here)s/x.log\nstderr_logfile=NONE\nautostart=false"))
        stage.configure(program("x", "stderr_logfile=NONE\nautostart=false"))
        stage.note("stdout", stage.ask("supervisor.reloadConfig"))
        stage.configure(program("x", "stdout_logfile=%(here)s/x.log\nautostart=false"))
        stage.note("stderr", stage.ask("supervisor.reloadConfig"))

    agree(scenario)
