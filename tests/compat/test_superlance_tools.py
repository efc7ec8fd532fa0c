"""Superlance's tools and ours, each under both daemons: the same mails, the same words on stderr, the same statuses."""

import contextlib
import http.server
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.compat.installation import OURS, THEIRS
from support.compat.playbill import Scenario
from support.compat.stage import Stage
from support.smtp_server import SmtpServer

Agree = Callable[[Scenario], None]
TOOLS = ("httpok", "memmon", "crashmail", "crashmailbatch", "fatalmailbatch", "crashsms")
CRASHER = "[program:crasher]\ncommand=/bin/sh -c 'sleep 0.3; exit 9'\nstartsecs=0\nautorestart=false\nautostart=false\n"


def tool(stage: Stage, name: str, arguments: str, events: str) -> str:
    """A listener that is the client's command."""
    return (
        f"[eventlistener:{name}]\ncommand={stage.client.command(name)} {arguments}\nevents={events}\n"
        f"stderr_logfile=%(here)s/{name}.err\npriority=1\nstartsecs=0\n"
    )


def mailer(stage: Stage) -> str:
    """A stand-in for sendmail: each mail in a file of its own, in order."""
    script = f"#!/bin/sh\nn=$(ls {stage.root}/mail.* 2>/dev/null | wc -l)\ncat > {stage.root}/new\nmv {stage.root}/new {stage.root}/mail.$n\n"
    stage.write("mailer", script).chmod(0o755)
    return f"{stage.root}/mailer -t -i"


def mail(stage: Stage, number: int = 0) -> str:
    """One mail, once it is there."""
    path = stage.path(f"mail.{number}")
    stage.until(path.exists, f"mail {number}")
    return path.read_text()


def said(stage: Stage, name: str, *wanted: str) -> str:
    """What the listener wrote on stderr, once it holds all that is wanted."""
    path = stage.path(f"{name}.err")
    stage.until(lambda: path.exists() and all(word in path.read_text() for word in wanted), f"{name}'s words")
    return path.read_text()


def test_crashmail_sends_the_same_mail(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        flags = f"-a -o host1 -m me@example.invalid -s '{mailer(stage)}'"
        stage.start(tool(stage, "crashmail", flags, "PROCESS_STATE") + CRASHER)
        stage.until_state("crashmail", "RUNNING")
        stage.run_to_its_end("crasher")
        stage.note("mail", mail(stage))
        stage.note("stderr", said(stage, "crashmail", "Mailed", "from state"))

    agree_four_ways(scenario)


def test_memmon_sends_the_same_mail(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        post = f"-m me@example.invalid -s '{mailer(stage)}'"
        stage.start(
            tool(stage, "memmon", f"-p hog=1KB -u 1d -n box {post}", "TICK_5")
            + "[program:hog]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
            + "[program:off]\ncommand=/bin/sleep 1000\nautostart=false\n"
        )
        text = re.sub(r"at .* because|\(\d+ bytes", "<then>", mail(stage))
        stage.note("memmon's mail", text)
        words = said(stage, "memmon", "Restarting hog:hog").partition("Restarting hog:hog\n")
        stage.note("memmon's stderr", re.sub(r"is \d+", "is <size>", words[0] + words[1]))

    agree_four_ways(scenario)


def test_httpok_sends_the_same_mail(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        with http_server(503) as port:
            stage.tokens.append((str(port), "<port>"))
            flags = f"-n box -p web -p gone -d {stage.root} -g 'echo core' -m me@example.invalid -s '{mailer(stage)}' http://127.0.0.1:{port}/x?y"
            stage.start(
                tool(stage, "httpok", flags, "TICK_5")
                + "[program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\n"
            )
            stage.note("mail", without_pids(mail(stage)))
            words = said(stage, "httpok", "Mailed:")
            stage.note("stderr", without_pids(re.sub(r"(?s)^.*?Restarting sel|Mailed:.*", "", words)))

    agree_four_ways(scenario)


def test_the_batch_tools_send_the_same_mail(agree_four_ways: Agree) -> None:
    def scenario(stage: Stage) -> None:
        with SmtpServer() as server:
            flags = f"-t a@example.invalid,b@example.invalid -f me@example.invalid -i 0.01 -e TICK_5 -H {server.address}"
            stage.start(
                "".join(
                    tool(stage, name, flags, "PROCESS_STATE,TICK_5")
                    for name in ("crashmailbatch", "fatalmailbatch", "crashsms")
                )
                + CRASHER
                + "[program:fatal]\ncommand=/bin/false\nstartsecs=3\nstartretries=0\nautostart=false\n"
            )
            stage.run_to_its_end("crasher")
            stage.run_to_its_end("fatal")
            stage.until(lambda: len(server.letters) >= 3, "three mails")
            for letter in sorted(server.letters, key=lambda letter: letter.data.partition("Subject")[2]):
                stage.note(f"{letter.sender} to {letter.recipients}", normal(letter.data))
        for name in ("crashmailbatch", "fatalmailbatch", "crashsms"):
            words = said(stage, name, "Body:").replace(server.address, "<server>")
            stage.note(name, re.sub(r"\]\(\d+\)", "](<pid>)", words))

    agree_four_ways(scenario)


def without_pids(words: str) -> str:
    return re.sub(r"(core \S+) \d+", r"\1 <pid>", words)


def normal(message: str) -> str:
    """Without what differs from mail to mail."""
    message = re.sub(r"^Date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} -0000$", "Date: <date>", message, flags=re.M)
    message = re.sub(r"^Message-ID: <[^<>@ ]+@[^<>@ ]+>$", "Message-ID: <id>", message, flags=re.M)
    return re.sub(r"\]\(\d+\)", "](<pid>)", message)


@contextlib.contextmanager
def http_server(status: int) -> Iterator[int]:
    """Answers every GET with one status; gives its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("name", TOOLS)
def test_statuses_of_wrong_calls_are_the_same(name: str) -> None:
    for arguments in ((), ("--no-such-flag",), ("--help",), ("-z",)):
        calls = [run(installation.command(name), *arguments) for installation in (THEIRS, OURS)]
        assert calls[0].returncode == calls[1].returncode, arguments


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("httpok", ("-p", "x", "http://localhost/")),
        ("crashmail", ("-a",)),
        ("crashmailbatch", ("-t", "a", "-f", "b")),
        ("crashsms", ("-t", "a", "-f", "b", "-e", "HOUR_1")),
    ],
)
def test_without_a_daemon_they_say_and_end_the_same(name: str, arguments: tuple[str, ...]) -> None:
    theirs, ours = (run(installation.command(name), *arguments) for installation in (THEIRS, OURS))
    assert (theirs.returncode, theirs.stdout, theirs.stderr) == (ours.returncode, ours.stdout, ours.stderr)


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [command, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=Path("/"),
        timeout=60,
    )
