"""Events and the listener protocol, as a listener sees them."""

import json
from collections.abc import Callable

from support.compat.playbill import Scenario
from support.compat.stage import Stage

Agree = Callable[[Scenario], None]


def listener(name: str, events: str, words: str = "", more: str = "", record: str = "") -> str:
    """A `[eventlistener]` that records to `record` (its name when not given) and answers with `words`."""
    return f"""
[eventlistener:{name}]
command=%(ENV_PYTHON)s %(ENV_PROBES)s/listener.py %(here)s/{record or name} {words}
events={events}
startsecs=0
priority=1
{more}
"""


def rejected(stage: Stage) -> None:
    """Write down what the main log says about listeners."""
    stage.show_log(
        "event was", "event caused", "unknown protocol", "buffer overflow", "UNKNOWN", "result", "rebuffering"
    )


def test_payloads_of_every_kind(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.write(
            "speak.sh",
            # Long pieces: Supervisor holds back short ones while it looks for a token (see test_differences).
            "read go; echo plain output of some length that goes to the log; echo plain errors of some length, too, to be read >&2\n"
            "read go; printf '<!--XSUPERVISOR:BEGIN-->captured <b>&amp; text\\n<!--XSUPERVISOR:END-->what stands around is logged, and not sent'\n"
            "read go; printf '<!--XSUPERVISOR:BEGIN-->from err<!--XSUPERVISOR:END-->' >&2\n"
            "exec sleep 1000\n",
        )
        stage.start(
            listener("events", "EVENT", more="buffer_size=100")
            + """
[program:speaker]
command=/bin/sh %(here)s/speak.sh
startsecs=0
stdout_events_enabled=true
stderr_events_enabled=true
stdout_capture_maxbytes=1MB
stderr_capture_maxbytes=1MB
stdout_logfile=%(here)s/speaker.log
stderr_logfile=%(here)s/speaker.err
"""
        )
        stage.until_event("PROCESS_STATE_RUNNING", "processname:speaker ")
        stage.rpc("sendProcessStdin", "speaker", "\n")
        stage.until_event("PROCESS_LOG_STDOUT", "plain output")
        stage.until_event("PROCESS_LOG_STDERR", "plain errors")
        stage.rpc("sendProcessStdin", "speaker", "\n")
        stage.until_event("PROCESS_COMMUNICATION_STDOUT")
        stage.until_event("PROCESS_LOG_STDOUT", "stands around")
        stage.rpc("sendProcessStdin", "speaker", "\n")
        stage.until_event("PROCESS_COMMUNICATION_STDERR")
        stage.rpc("sendRemoteCommEvent", "greeting", "hello\nworld")
        stage.until_event("REMOTE_COMMUNICATION")
        kinds: dict[str, list[str]] = {}
        for header, payload in stage.events():
            if not header["eventname"].startswith("TICK"):
                kinds.setdefault(header["eventname"], []).append(payload)
        kept = {"ver", "server", "pool"}
        stage.note(
            "headers",
            sorted(
                {
                    json.dumps({key: value for key, value in h.items() if key in kept})
                    for h, _ in stage.events()
                }
            ),
        )
        stage.note("header fields", sorted({" ".join(header) for header, _ in stage.events()}))
        for channel in ("STDOUT", "STDERR"):  # whether captured text is an event twice is in test_differences
            kinds[f"PROCESS_LOG_{channel}"] = [
                payload
                for payload in kinds[f"PROCESS_LOG_{channel}"]
                if "captured" not in payload and "from err" not in payload
            ]
        for kind in sorted(kinds):
            stage.note(kind, "\n".join(sorted(map(repr, kinds[kind]))))
        stage.show_file("speaker.log")
        stage.show_file("speaker.err")

    agree(scenario)


def test_identifier_serials_and_pools(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            listener("first", "REMOTE_COMMUNICATION") + listener("second", "REMOTE_COMMUNICATION,PROCESS_GROUP"),
            "-i", "my-own-name",
        )  # fmt: skip
        stage.until_state("first", "RUNNING")
        stage.until_state("second", "RUNNING")
        for number in range(3):
            stage.ask("supervisor.sendRemoteCommEvent", "n", str(number))
        for record in ("first", "second"):
            stage.until_event("REMOTE_COMMUNICATION", "\n2", record)
            stage.show_events(record, serials=True)

    agree(scenario)


def test_an_event_that_is_refused_comes_again(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(listener("events", "REMOTE_COMMUNICATION", "fail other ok"))
        stage.until_state("events", "RUNNING")
        stage.ask("supervisor.sendRemoteCommEvent", "n", "one")
        stage.until_event("REMOTE_COMMUNICATION", "one", count=3)
        stage.ask("supervisor.sendRemoteCommEvent", "n", "two")
        stage.until_event("REMOTE_COMMUNICATION", "two")
        stage.show_events(serials=True)
        rejected(stage)

    agree(scenario)


def test_a_listener_that_breaks_the_protocol(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            listener("violates", "REMOTE_COMMUNICATION", "violate")
            + listener("badresult", "REMOTE_COMMUNICATION", "bad-result")
        )
        for name in ("violates", "badresult"):
            stage.until_state(name, "RUNNING")
        stage.ask("supervisor.sendRemoteCommEvent", "n", "one")
        for record in ("violates", "badresult"):
            stage.until_event("REMOTE_COMMUNICATION", "one", record)
        stage.until(lambda: len(stage.log_lines("UNKNOWN")) >= 2)
        stage.ask("supervisor.sendRemoteCommEvent", "n", "two")
        stage.infos()
        stage.note("log", sorted(stage.log_lines("has entered the UNKNOWN", "bad result line")))

    agree(scenario)


def test_a_listener_that_dies_with_an_event(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            listener("events", "REMOTE_COMMUNICATION", "die", "autorestart=true\nexitcodes=3\nstopwaitsecs=1")
        )
        stage.until_state("events", "RUNNING")
        stage.ask("supervisor.sendRemoteCommEvent", "n", "one")
        # The next incarnation dies too: each reads its words anew.
        stage.until_event("REMOTE_COMMUNICATION", "one", count=2)
        stage.note("payloads", sorted({payload for _, payload in stage.events()}))
        stage.note("serials stay", len({header["serial"] for header, _ in stage.events()}))

    agree(scenario)


def test_a_pool_shares_the_work(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            listener(
                "pool",
                "REMOTE_COMMUNICATION",
                more="numprocs=2\nprocess_name=%(program_name)s_%(process_num)d",
            )
        )
        for name in ("pool:pool_0", "pool:pool_1"):
            stage.until_state(name, "RUNNING")
        for number in range(6):
            stage.ask("supervisor.sendRemoteCommEvent", "n", str(number))
        stage.until(lambda: len(stage.events("pool")) >= 6)
        stage.note(
            "each once", sorted((header["poolserial"], payload) for header, payload in stage.events("pool"))
        )

    agree(scenario)


def test_overflow_of_the_buffer(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(listener("events", "REMOTE_COMMUNICATION", "hang", "buffer_size=2"))
        stage.until_state("events", "RUNNING")
        stage.ask("supervisor.sendRemoteCommEvent", "n", "taken")
        stage.until_event("REMOTE_COMMUNICATION", "taken")
        for number in range(4):
            stage.ask("supervisor.sendRemoteCommEvent", "n", f"queued {number}")
        stage.until(lambda: len(stage.log_lines("overflow")) >= 2)
        stage.note("log", "\n".join(line.partition(" (")[0] for line in stage.log_lines("overflow")))

    agree(scenario)


def test_subscriptions_follow_the_tree(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            listener("states", "PROCESS_STATE_RUNNING,PROCESS_STATE_STOPPED")
            + listener("groups", "PROCESS_GROUP,SUPERVISOR_STATE_CHANGE_RUNNING")
            + listener("ticks", "TICK_5")
            + "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n"
        )
        for name in ("states", "groups", "ticks"):
            stage.until_state(name, "RUNNING")
        stage.rpc("startProcess", "cat")
        stage.rpc("stopProcess", "cat")
        stage.rpc("removeProcessGroup", "cat")
        stage.rpc("addProcessGroup", "cat")
        stage.until_event("PROCESS_GROUP_ADDED", "groupname:cat", "groups", count=2)
        stage.until_event("PROCESS_STATE_STOPPED", "processname:cat", "states")
        stage.until_event("TICK_5", "", "ticks")
        stage.show_events("states", "cat")
        stage.show_events("groups")
        seconds = [int(payload.removeprefix("when:")) for _, payload in stage.events("ticks")]
        stage.note("ticks at whole fives", [second % 5 for second in seconds[:1]])
        stage.note("kinds", sorted({header["eventname"] for header, _ in stage.events("ticks")}))

    agree(scenario)
