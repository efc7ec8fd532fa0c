"""The states of a process as a listener and the main log tell them."""

from collections.abc import Callable

from support.compat.playbill import Scenario
from support.compat.stage import Stage

Agree = Callable[[Scenario], None]

LISTENER = """
[eventlistener:listener]
command=%(ENV_PYTHON)s %(ENV_PROBES)s/listener.py %(here)s/events
events=PROCESS_STATE,SUPERVISOR_STATE_CHANGE
buffer_size=100
startsecs=0
priority=1
"""
LIFE = ("spawned", "success", "exited", "stopped", "gave up", "backing off", "killing", "spawnerr", "FATAL")


def tell(stage: Stage, *names: str, words: tuple[str, ...] = LIFE) -> None:
    """Write down each process's own story: events and log lines."""
    for name in names:
        stage.show_events(process=name)
        stage.note(f"log of {name}", "\n".join(line for line in stage.log_lines(*words) if name in line))


def test_autostart_startsecs_and_a_clean_end(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            LISTENER
            + """
[program:now]
command=/bin/sleep 1000
startsecs=0
[program:later]
command=/bin/sleep 1000
startsecs=1
[program:never]
command=/bin/sleep 1000
autostart=false
"""
        )
        stage.until_event("PROCESS_STATE_RUNNING", "processname:later")
        stage.infos("exitstatus", "state", "spawnerr")
        stage.rpc("stopProcess", "now")
        stage.until_event("PROCESS_STATE_STOPPED", "processname:now")
        tell(stage, "now", "later", "never")
        stage.show_events(process="listener")
        stage.end()

    agree(scenario)


def test_backoff_until_fatal(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            LISTENER
            + """
[program:early]
command=/bin/sh -c "exit 3"
startsecs=3
startretries=1
[program:missing]
command=/nowhere/program
startretries=1
[program:noretry]
command=/bin/false
startsecs=3
startretries=0
"""
        )
        for name in ("early", "missing", "noretry"):
            stage.until_event("PROCESS_STATE_FATAL", f"processname:{name} ")
        stage.infos("exitstatus", "state", "spawnerr", "description")
        tell(stage, "early", "missing", "noretry")
        stage.rpc("startProcess", "early")
        stage.rpc("startProcess", "missing")

    agree(scenario)


def test_autorestart(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        # Each ends for the first time with its own status; the second run (the file is there) stays.
        once = """command=/bin/sh -c "test -e %(here)s/{0}.ran && exec sleep 1000; : > %(here)s/{0}.ran; exit {1}"
startsecs=0
"""
        stage.start(
            LISTENER
            + "[program:always]\n" + once.format("always", 0) + "autorestart=true\n"
            + "[program:never]\n" + once.format("never", 1) + "autorestart=false\n"
            + "[program:fine]\n" + once.format("fine", 5) + "exitcodes=0,5\n"
            + "[program:surprise]\n" + once.format("surprise", 2) + "autorestart=unexpected\n"
            + "[program:killed]\n" + 'command=/bin/sh -c "test -e %(here)s/k && exec sleep 1000; : > %(here)s/k; kill -9 $$"\n'
            + "startsecs=0\n"
        )  # fmt: skip
        for name in ("always", "surprise", "killed"):
            stage.until_event("PROCESS_STATE_RUNNING", f"processname:{name} ", count=2)
        for name in ("never", "fine"):
            stage.until_event("PROCESS_STATE_EXITED", f"processname:{name} ")
        stage.infos("exitstatus", "spawnerr")
        # With startsecs=0 Supervisor logs the success of a program that is gone at once or not, as it happens.
        tell(stage, "always", "never", "fine", "surprise", "killed", words=("spawned", "exited"))

    agree(scenario)


def test_stop_while_starting_and_while_backing_off(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            LISTENER
            + """
[program:slow]
command=/bin/sleep 1000
startsecs=1000
[program:failing]
command=/bin/false
startsecs=3
startretries=1000
"""
        )
        stage.until_state("slow", "STARTING")
        stage.rpc("startProcess", "slow")
        stage.rpc("stopProcess", "slow")
        # The third failure waits three seconds: time enough to stop it there.
        stage.until_event("PROCESS_STATE_BACKOFF", "processname:failing ", count=3)
        stage.until_state("failing", "BACKOFF")
        stage.rpc("startProcess", "failing")
        stage.rpc("signalProcess", "failing", "HUP")
        stage.rpc("stopProcess", "failing")
        stage.rpc("stopProcess", "failing")
        stage.until_event("PROCESS_STATE_STOPPED", "processname:failing ")
        stage.until_event("PROCESS_STATE_STOPPED", "processname:slow ")
        stage.infos("exitstatus", "spawnerr")
        tell(stage, "slow", "failing")

    agree(scenario)


def test_signals_and_patience_of_stop(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            LISTENER
            + """
[program:deaf]
command=/bin/sh -c "trap '' TERM; : > %(here)s/deaf; while :; do sleep 1000; done"
startsecs=0
stopwaitsecs=1
killasgroup=true
[program:polite]
command=/bin/sh -c "trap 'echo got INT; exit 4' INT; : > %(here)s/polite; while :; do sleep 0.05; done"
startsecs=0
stopsignal=INT
"""
        )
        stage.until(lambda: stage.path("deaf").exists() and stage.path("polite").exists())
        for name in ("polite", "deaf"):
            stage.rpc("stopProcess", name)
            stage.until_event("PROCESS_STATE_STOPPED", f"processname:{name} ")
        stage.infos("exitstatus", "spawnerr")
        tell(stage, "deaf", "polite")

    agree(scenario)


def test_orders_while_stopping(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            LISTENER
            + """
[program:deaf]
command=/bin/sh -c "trap '' TERM; : > %(here)s/deaf; while :; do sleep 1000; done"
startsecs=0
stopwaitsecs=3
killasgroup=true
[group:pool]
programs=deaf
"""
        )
        stage.until(lambda: stage.path("deaf").exists())
        stage.rpc("stopProcess", "pool:deaf", False)
        stage.infos()
        for method, *arguments in (
            ("signalProcess", "pool:deaf", "CONT"), ("signalAllProcesses", "CONT"), ("stopProcess", "pool:deaf"), ("stopProcessGroup", "pool"),
            ("removeProcessGroup", "pool"), ("sendProcessStdin", "pool:deaf", "x"), ("startProcess", "pool:deaf"),
        ):  # fmt: skip
            stage.rpc(method, *arguments)
        stage.until_event("PROCESS_STATE_STOPPED", "processname:deaf ")
        stage.infos("exitstatus")
        tell(stage, "deaf")

    agree(scenario)


def test_descendants_and_process_groups(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        family = "/bin/sh -c \"trap '{0}' TERM; (trap '{0}' TERM; sleep 1000 & : > %(here)s/{1}; wait; wait) & wait; wait\""
        stage.start(
            LISTENER
            + f"""
[program:asgroup]
command={family.format("exit 0", "asgroup")}
startsecs=0
stopasgroup=true
[program:killgroup]
command={family.format("", "killgroup")}
startsecs=0
stopwaitsecs=1
killasgroup=true
"""
        )
        stage.until(lambda: stage.path("asgroup").exists() and stage.path("killgroup").exists())
        configs = stage.ask("supervisor.getAllConfigInfo")
        assert isinstance(configs, list)
        stage.note(
            "options", [{key: one[key] for key in ("name", "stopsignal", "killasgroup")} for one in configs]
        )
        stage.rpc("stopProcess", "asgroup")
        stage.until(lambda: stage.state("asgroup") == "STOPPED")
        stage.rpc("stopProcess", "killgroup")
        stage.until_event("PROCESS_STATE_STOPPED", "processname:killgroup ")
        tell(stage, "asgroup", "killgroup")
        stage.end()

    agree(scenario)


def test_numprocs_names_and_order_of_priority(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            LISTENER
            + """
[program:worker]
command=/bin/sleep 100%(process_num)d
process_name=%(program_name)s-%(process_num)03d@%(group_name)s
numprocs=3
numprocs_start=5
startsecs=0
priority=20
[program:last]
command=/bin/sleep 1000
startsecs=0
priority=30
[program:first]
command=/bin/sleep 1000
startsecs=0
priority=10
[program:inner]
command=/bin/sleep 1000
startsecs=0
priority=900
[program:other]
command=/bin/sleep 1000
startsecs=0
priority=800
[group:inside]
programs=inner,other
priority=25
"""
        )
        stage.until_event("PROCESS_STATE_RUNNING", "processname:last ")
        stage.until_event("PROCESS_STATE_RUNNING", "processname:inner ")
        stage.infos("description")
        # What starts first is promised; when each is done is not.
        names = [
            payload.split()[0]
            for header, payload in stage.events()
            if header["eventname"] == "PROCESS_STATE_STARTING"
        ]
        stage.note("order of STARTING", names)
        stage.end()
        stopped = [line.split()[2] for line in stage.log_lines("stopped:")]
        groups = [
            "worker" if name.startswith("worker") else "inside" if name in ("inner", "other") else name
            for name in stopped
        ]
        stage.note("order of groups that stopped at the end", list(dict.fromkeys(groups)))

    agree(scenario)


def test_order_of_start_of_equal_priorities(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        names = ("mike", "zulu", "alpha", "xray", "bravo")
        stage.start("".join(f"[program:{name}]\ncommand=/bin/sleep 1000\nstartsecs=0\n" for name in names))
        for name in names:
            stage.until_state(name, "RUNNING")
        stage.note("started", [line.split()[2] for line in stage.log_lines("spawned")])

    agree(scenario)


def test_events_of_the_end(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            LISTENER
            + "".join(
                f"[program:{name}]\ncommand={command}\nstartsecs=0\npriority={priority}\n"
                for name, priority, command in (
                    # It takes its time, so that the listener, which goes last, hears of the others.
                    (
                        "early",
                        10,
                        "/bin/sh -c \"trap 'sleep 1.5; exit 0' TERM; : > %(here)s/up; while :; do sleep 0.05; done\"",
                    ),
                    ("middle", 20, "/bin/sleep 1000"),
                    ("late", 30, "/bin/sleep 1000"),
                )
            )
        )
        for name in ("early", "middle", "late"):
            stage.until_event("PROCESS_STATE_RUNNING", f"processname:{name} ")
        stage.until(lambda: stage.path("up").exists())
        count = len(stage.events())
        stage.end()
        lines = [f"{header['eventname']} {payload}" for header, payload in stage.events()[count:]]
        stage.note("the beginning of the end", "\n".join(lines[:6]))

    agree(scenario)


def test_order_within_a_group(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        names = (("mike", 30), ("zulu", 10), ("alpha", 20), ("xray", 20))
        stage.start(
            "".join(
                f"[program:{name}]\ncommand=/bin/sleep 1000\nstartsecs=0\npriority={p}\n" for name, p in names
            )
            + "[group:all]\nprograms=xray,mike,zulu,alpha\n"
        )
        for name, _ in names:
            stage.until_state(f"all:{name}", "RUNNING")
        stage.note("started", [line.split()[2] for line in stage.log_lines("spawned")])
        for method, *arguments in (
            ("signalProcessGroup", "all", "CONT"),
            ("signalAllProcesses", "CONT"),
            ("clearAllProcessLogs",),
        ):
            stage.rpc(method, *arguments)
        stage.rpc("startProcessGroup", "all")
        for name, _ in names:
            stage.rpc("stopProcess", f"all:{name}")
        stage.rpc("startProcessGroup", "all", False)
        stage.note("started again", [line.split()[2] for line in stage.log_lines("spawned")][4:])

    agree(scenario)
