"""The tools as listeners of a real daemon: what they do there that Superlance's cannot."""

import contextlib
import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.daemon import Daemon, bin_dir
from support.ports import free_port
from support.smtp_server import SmtpServer
from support.until import until
from vigild.listeners import crashmail, crashmailbatch, crashsms, daemon_calls, fatalmailbatch, httpok, memmon

LIMIT_MIB = 15
SLEEPER = "[program:web]\ncommand=sleep 1000\nstartsecs=0\n"
CRASHER = (
    "[program:crasher]\ncommand=sh -c 'echo one >&2; echo two >&2; echo three >&2; exit 9'\n"
    "startsecs=0\nautorestart=false\nautostart=false\n"
)


def listener(tmp: Path, name: str, arguments: str, events: str) -> str:
    return (
        f"[eventlistener:{name}]\ncommand={bin_dir()}/{name} {arguments}\nevents={events}\n"
        f"stderr_logfile={tmp}/{name}.err\nstartsecs=0\n"
    )


def mailer(tmp: Path) -> str:
    script = tmp / "mailer"
    script.write_text(f"#!/bin/sh\necho chatter\ncat >> {tmp}/mail\necho >> {tmp}/mail\n")
    script.chmod(0o755)
    return str(script)


def text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@contextlib.contextmanager
def site(status: int) -> Iterator[tuple[str, list[int]]]:
    """A server that answers with the status in the list, which may be changed."""
    statuses = [status]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(statuses[0])
            self.end_headers()
            self.wfile.write(b"all is well")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/", statuses
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_crashmail_with_a_filter_a_tail_and_a_chatty_mailer(short_tmp: Path) -> None:
    conf = listener(
        short_tmp,
        "crashmail",
        f"-p crasher -m me@example.invalid --tail-lines 2 -s {mailer(short_tmp)}",
        "PROCESS_STATE_EXITED",
    )
    other = CRASHER.replace("crasher]", "other]")
    with Daemon(short_tmp, conf + CRASHER + other) as daemon:
        daemon.ctl("start", "other")
        daemon.wait_state("other", "EXITED")
        for _ in range(2):
            daemon.ctl("start", "crasher")
            daemon.wait_state("crasher", "EXITED")
        until(lambda: text(short_tmp / "mail").count("Subject: ") == 2)
        daemon.wait_state("crashmail", "RUNNING")
    words = text(short_tmp / "mail")
    assert "other" not in words
    assert 2 == words.count("from state RUNNING\n\nLast lines of stderr:\ntwo\nthree\n") + words.count(
        "from state STARTING\n\nLast lines of stderr:\ntwo\nthree\n"
    )


@pytest.mark.slow
def test_a_batch_is_kept_until_the_server_is_back(short_tmp: Path) -> None:
    port = free_port()
    flags = f"-t a@example.invalid -f me@example.invalid -i 0.01 -e TICK_5 -H 127.0.0.1:{port}"
    with Daemon(
        short_tmp, listener(short_tmp, "crashmailbatch", flags, "PROCESS_STATE_EXITED,TICK_5") + CRASHER
    ) as daemon:
        daemon.ctl("start", "crasher")
        until(lambda: "is kept and tried again in 30 s" in text(short_tmp / "crashmailbatch.err"))
        with SmtpServer(port=port) as server:
            daemon.ctl("stop", "crashmailbatch")  # the end is the next try
            until(lambda: server.letters)
    assert "died unexpectedly" in server.letters[0].data


@pytest.mark.slow
def test_httpok_checks_the_body_and_keeps_to_its_budget(short_tmp: Path) -> None:
    with site(200) as (url, _):
        flags = f"-E -p web:web -b 'all is lost' --max-restarts 1/1h -m me@example.invalid -s {mailer(short_tmp)} {url}"
        with Daemon(short_tmp, listener(short_tmp, "httpok", flags, "TICK_5") + SLEEPER) as daemon:
            until(lambda: "web restarted" in text(short_tmp / "httpok.err"))
            assert daemon.log().count("spawned: 'web'") == 2
            second = daemon.pid("web")
            until(lambda: text(short_tmp / "httpok.err").count("was restarted 1 times within 3600 s") >= 1)
            assert second == daemon.pid("web")
            until(lambda: text(short_tmp / "mail").count("bad body returned") >= 2)


@pytest.mark.slow
def test_httpok_starts_what_is_fatal_and_leaves_what_is_young(short_tmp: Path) -> None:
    gate = short_tmp / "gate"
    fatal = (
        f"[program:gated]\ncommand=sh -c 'test -e {gate} && exec sleep 1000'\nstartsecs=1\nstartretries=0\n"
    )
    with site(500) as (url, _):
        flags = f"-a --start-fatal --grace 1h {url}"
        with Daemon(short_tmp, listener(short_tmp, "httpok", flags, "TICK_5") + SLEEPER + fatal) as daemon:
            daemon.wait_state("gated", "FATAL")
            gate.touch()
            until(lambda: "gated started" in text(short_tmp / "httpok.err"))
            daemon.wait_state("gated", "RUNNING")
            words = text(short_tmp / "httpok.err")
    assert re.search(r"web was started \d+ s ago, within its grace of 3600 s, NOT restarting", words)
    assert "httpok" not in words


@pytest.mark.slow
def test_memmon_adds_up_the_tree_of_a_process_named_by_its_group(short_tmp: Path) -> None:
    grower = "x = b'x' * 60_000_000; import signal; signal.pause()"
    (short_tmp / "grower.py").write_text(grower)
    conf = (
        f"[program:hog]\ncommand=sh -c '{sys.executable} {short_tmp}/grower.py; true'\nstartsecs=0\nstopasgroup=true\n"
        "[group:site]\nprograms=hog\n"
    )
    flags = f"-c -p site:hog=50MB -m me@example.invalid -s {mailer(short_tmp)}"
    with Daemon(short_tmp, listener(short_tmp, "memmon", flags, "TICK_5") + conf) as daemon:
        until(lambda: "because it was consuming too much memory" in text(short_tmp / "mail"))
        daemon.wait_state("memmon", "RUNNING")
    size = re.search(r"\((\d+) bytes RSS\)", text(short_tmp / "mail"))
    assert size is not None
    assert 50 * 1024 * 1024 < int(size[1]) < 120_000_000


@pytest.mark.slow
def test_all_six_stay_small_when_idle(short_tmp: Path) -> None:
    batch = "-t a@example.invalid -f b@example.invalid"
    flags = {
        "httpok": "-p web http://127.0.0.1:9/",
        "memmon": "-c -p web=10GB",
        "crashmail": "-a -m a@example.invalid",
        "crashmailbatch": batch,
        "fatalmailbatch": batch,
        "crashsms": batch,
    }
    conf = "".join(listener(short_tmp, name, words, "TICK_5") for name, words in flags.items())
    with Daemon(short_tmp, conf + SLEEPER) as daemon:
        until(lambda: "RSS of web:web" in text(short_tmp / "memmon.err"))
        until(lambda: "Restarting selected" in text(short_tmp / "httpok.err"))
        sizes = {name: psutil.Process(daemon.pid(name)).memory_info().rss / 2**20 for name in flags}
    assert {} == {name: size for name, size in sizes.items() if size > LIMIT_MIB}


def test_names_that_mean_a_process() -> None:
    from support.process_infos import info

    job = info("job", "site")
    assert all(daemon_calls.is_named(job, [name]) for name in ("job", "site:job", "site:*"))
    assert not any(daemon_calls.is_named(job, [name]) for name in ("site", "job:*", "x"))


@pytest.mark.parametrize("tool", [httpok, memmon, crashmail, crashmailbatch, fatalmailbatch, crashsms])
def test_help_is_on_stdout_and_mistakes_are_on_stderr(tool) -> None:  # type: ignore[no-untyped-def]
    name = tool.TOOL.name
    shown = subprocess.run([bin_dir() / name, "--help"], capture_output=True, text=True)
    assert (0, "") == (shown.returncode, shown.stderr)
    assert tool.TOOL.summary in shown.stdout
    wrong = subprocess.run([bin_dir() / name, "--no-such"], capture_output=True, text=True)
    assert (tool.TOOL.usage_status, "") == (wrong.returncode, wrong.stdout)
    assert f"{name}: no such option: --no-such; `{name} --help` lists the options\n" == wrong.stderr


@pytest.mark.parametrize("tool", [httpok, memmon, crashmail, crashmailbatch, fatalmailbatch, crashsms])
def test_a_test_mail(tool) -> None:  # type: ignore[no-untyped-def]
    flags = ["--test-mail", "--fromEmail", "me@example.invalid", "--smtpHost"]
    flags += ["-m" if tool in (httpok, memmon, crashmail) else "-t", "you@example.invalid"]
    more = ["http://localhost/"] if tool is httpok else []
    with SmtpServer() as server:
        flags.insert(flags.index("--smtpHost") + 1, server.address)
        done = subprocess.run([bin_dir() / tool.TOOL.name, *flags, *more], capture_output=True, text=True)
    assert (0, "") == (done.returncode, done.stdout)
    (letter,) = server.letters
    assert ("me@example.invalid", ["you@example.invalid"]) == (letter.sender, letter.recipients)
    assert f"Subject: {tool.TOOL.name}: test" in letter.data
    done = subprocess.run([bin_dir() / tool.TOOL.name, *flags, *more], capture_output=True, text=True)
    assert 1 == done.returncode
    assert "Error sending email: [Errno 111] Connection refused\n" == done.stderr


@pytest.mark.slow
def test_a_restart_command_is_run_instead(short_tmp: Path) -> None:
    script = short_tmp / "restart"
    script.write_text(
        f'#!/bin/sh\necho "$PROCESS $PROCESS_NAME $GROUP_NAME $PROCESS_PID $URL" >> {short_tmp}/seen\n'
    )
    script.chmod(0o755)
    with site(500) as (url, _):
        flags = f"-p web --restart-command {script} {url}"
        with Daemon(short_tmp, listener(short_tmp, "httpok", flags, "TICK_5") + SLEEPER) as daemon:
            until(lambda: f"web restarted by {script}" in text(short_tmp / "httpok.err"))
            assert f"web web web {daemon.pid('web')} {url}\n" in text(short_tmp / "seen")
