"""The XML-RPC interface itself: methods, signatures, types, faults, multicall, malformed requests, shutdown."""

import re
import socket
import xmlrpc.client
from collections.abc import Callable

from support.compat.playbill import Scenario
from support.compat.stage import Stage
from support.until import DEADLINE_SECONDS

Agree = Callable[[Scenario], None]

CAT = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
XML = {"Content-Type": "text/xml"}


def methods_of(stage: Stage) -> list[str]:
    """Supervisor's methods that the daemon lists."""
    listed = stage.ask("system.listMethods")
    assert isinstance(listed, list)
    return sorted(name for name in listed if name.startswith(("supervisor.", "system.")))


def test_methods_and_signatures(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        methods = methods_of(stage)
        stage.note("listMethods", methods)
        for name in methods:
            stage.rpc("system.methodSignature", name)
            text = stage.ask("system.methodHelp", name)
            assert isinstance(text, str)
            # The prose is each one's own; the machine-readable lines are not.
            stage.note(
                f"help of {name}", [" ".join(found) for found in re.findall(r"@(param|return)\s+(\w+)", text)]
            )
        for name in ("nosuch", "supervisor.nosuch", "supervisor", "", "supervisor._update"):
            stage.rpc("system.methodSignature", name)
            stage.rpc("system.methodHelp", name)

    agree(scenario)


def test_plain_answers_and_their_types(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT + "[program:idle]\ncommand=/bin/sleep 1000\nautostart=false\n")
        stage.until_state("cat", "RUNNING")
        for method in (
            "getAPIVersion",
            "getVersion",
            "getSupervisorVersion",
            "getIdentification",
            "getState",
        ):
            stage.rpc(method)
        stage.note("getPID", [type(stage.ask("supervisor.getPID")).__name__])
        stage.rpc("getProcessInfo", "cat")
        stage.rpc("getProcessInfo", "cat:cat")
        stage.rpc("getAllProcessInfo")
        stage.rpc("getAllConfigInfo")
        for method, arguments in (
            ("getAllProcessInfo", ()),
            ("getState", ()),
            ("reloadConfig", ()),
            ("getProcessInfo", ("nosuch",)),
        ):
            body = xmlrpc.client.dumps(arguments, f"supervisor.{method}").encode()
            answer = stage.http("POST", "/RPC2", body, XML, show=False)
            stage.note(f"tags of {method}", re.findall(rb"<(\w+)", answer.body)[1:])
            stage.note(
                "content-length is right", int(answer.headers.get("content-length", -1)) == len(answer.body)
            )

    agree(scenario)


def test_config_info_of_every_option(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            """
[program:full]
command=/bin/sh -c "sleep 1000" ; a comment
process_name=%(program_name)s_%(process_num)s
numprocs=2
priority=7
autostart=false
startsecs=4
startretries=5
autorestart=true
exitcodes=1,2
stopsignal=HUP
stopwaitsecs=6
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile=%(here)s/full.log
stdout_logfile_maxbytes=2KB
stdout_logfile_backups=3
stdout_capture_maxbytes=4KB
stdout_events_enabled=true
stdout_syslog=true
stderr_logfile_maxbytes=3MB
stderr_logfile_backups=1
stderr_capture_maxbytes=5
stderr_events_enabled=false
environment=A="1",B="two words"
directory=/tmp
umask=022
user=root
serverurl=http://localhost:9001
[program:plain]
command=/bin/sleep 1000
autostart=false
autorestart=false
[eventlistener:listens]
command=/bin/cat
events=TICK_60
autostart=false
[fcgi-program:fast]
command=/bin/cat
socket=unix://%(here)s/f.sock
autostart=false
[group:both]
programs=plain
priority=3
"""
        )
        stage.rpc("getAllConfigInfo")

    agree(scenario)


def test_faults_of_calls(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        stage.until_state("cat", "RUNNING")
        for method in (
            "nosuch.method",
            "supervisor.nosuch",
            "supervisor._update",
            "supervisor.__class__",
            "system.nosuch",
            "supervisor.a.b",
        ):
            stage.rpc(method)
        stage.rpc("getState", 1)
        stage.rpc("startProcess")
        stage.rpc("startProcess", "cat", True, 3)
        stage.rpc("getProcessInfo")
        stage.rpc("sendRemoteCommEvent", "one")
        stage.rpc("system.methodHelp")
        stage.rpc("readLog", 0)

    agree(scenario)


def test_multicall(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        stage.until_state("cat", "RUNNING")

        def calls(*pairs: tuple[object, ...]) -> list[dict[str, object]]:
            return [{"methodName": name, "params": list(params)} for name, *params in pairs]

        stage.rpc("system.multicall", calls(("supervisor.getState",), ("supervisor.getIdentification",)))
        stage.rpc("system.multicall", [])
        stage.rpc(
            "system.multicall",
            calls(
                ("supervisor.nosuch",), ("supervisor.getProcessInfo", "nosuch"), ("supervisor.getState", 1)
            ),
        )
        stage.rpc(
            "system.multicall", calls(("supervisor.stopProcess", "cat"), ("supervisor.startProcess", "cat"))
        )
        stage.rpc(
            "system.multicall",
            calls(("supervisor.stopAllProcesses",), ("supervisor.startAllProcesses", False)),
        )
        stage.rpc("system.multicall", calls(("system.multicall", []), ("system.listMethods", 3)))
        stage.rpc("system.multicall", [{"methodName": "supervisor.getState"}, {"params": []}])

    agree(scenario)


def test_connections(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start("[program:slow]\ncommand=/bin/sleep 1000\nstartsecs=2\nautostart=false\n" + CAT)
        body = xmlrpc.client.dumps((), "supervisor.getAPIVersion").encode()
        connection = stage.address.connection()
        try:
            for number in range(3):
                connection.request("POST", "/RPC2", body, XML)
                answer = connection.getresponse()
                answer.read()
                stage.note(
                    f"request {number} on one connection",
                    [answer.status, answer.version, answer.getheader("connection")],
                )
        finally:
            connection.close()
        for version, more in (
            ("1.0", ""),
            ("1.0", "Connection: Keep-Alive\r\n"),
            ("1.1", "Connection: close\r\n"),
        ):
            request = f"POST /RPC2 HTTP/{version}\r\nHost: x\r\n{more}Content-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n"
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(DEADLINE_SECONDS)
                client.connect(stage.address.path)
                client.sendall(request.encode() + body)
                received = b""
                while b"</methodResponse>" not in received:
                    received += client.recv(65536)
                if "Keep" not in more:
                    while piece := client.recv(65536):  # the end of the connection
                        received += piece
            # Vigil names its own version of HTTP, as RFC 9110 has it; Supervisor repeats the client's.
            stage.note(f"HTTP/{version} {more.strip()}", received.split(b"\r\n")[0].decode().split()[1:])
            stage.note("chunked", b"chunked" in received.split(b"\r\n\r\n")[0])
        # A call that waits holds up nobody else.
        waiting = stage.address.connection()
        try:
            waiting.request(
                "POST", "/RPC2", xmlrpc.client.dumps(("slow",), "supervisor.startProcess").encode(), XML
            )
            stage.until_state("slow", "STARTING")
            stage.rpc("getState")
            stage.note("still", stage.state("slow"))
            stage.note("at last", xmlrpc.client.loads(waiting.getresponse().read())[0])
        finally:
            waiting.close()

    agree(scenario)


def test_requests_that_are_none(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(CAT)
        good = xmlrpc.client.dumps((), "supervisor.getAPIVersion").encode()
        for label, body in (
            ("not xml", b"hello"),
            ("cut off", good[:40]),
            ("no method", b"<?xml version='1.0'?><methodCall><params></params></methodCall>"),
            ("another document", b"<?xml version='1.0'?><html></html>"),
        ):
            stage.note(label, "")
            answer = stage.http("POST", "/RPC2", body, XML, show=False)
            stage.note(f"{label}: status class", answer.status // 100)
            stage.transcript.entries.pop(-2)  # the exact status is in test_differences
        stage.http("POST", "/RPC2", good, {})
        stage.http("POST", "/RPC2/", good, XML)
        stage.http("POST", "/rpc2", good, XML, show=False)

    agree(scenario)


def test_calls_during_shutdown(agree: Agree) -> None:
    def scenario(stage: Stage) -> None:
        stage.start(
            "[program:deaf]\ncommand=/bin/sh -c \"trap '' TERM; : > %(here)s/up; while :; do sleep 1000; done\"\nstartsecs=0\n"
            "stopwaitsecs=4\nkillasgroup=true\n" + CAT
        )
        stage.until(lambda: stage.path("up").exists())
        stage.rpc("shutdown")
        stage.until(lambda: stage.log_lines("waiting for"))
        for method, *arguments in (
            ("getState",), ("getPID",), ("getAPIVersion",), ("getAllProcessInfo",), ("getProcessInfo", "cat"), ("startProcess", "cat"),
            ("stopProcess", "deaf"), ("startAllProcesses",), ("reloadConfig",), ("shutdown",), ("restart",), ("readLog", 0, 0),
            ("clearLog",), ("signalProcess", "deaf", "HUP"), ("sendProcessStdin", "cat", "x"), ("addProcessGroup", "cat"),
            ("removeProcessGroup", "cat"), ("tailProcessLog", "cat", 0, 10), ("sendRemoteCommEvent", "a", "b"), ("getIdentification",),
        ):  # fmt: skip
            stage.rpc(method, *arguments)
        stage.note("listMethods still answers", len(methods_of(stage)))
        stage.ctl("status")
        stage.ctl("start", "cat")
        stage.end(None)
        stage.note("log", "\n".join(sorted(stage.log_lines("killing", "stopped:"))))

    agree(scenario)
