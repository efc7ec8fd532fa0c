"""People are told: a real daemon, its deliverer, and a receiver; crashes, a killed daemon, a crowd that dies at once."""

import base64
import hashlib
import hmac
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from support.daemon import Daemon
from support.receivers import HttpReceiver, Reply
from support.until import until
from vigild.client.rpc import RpcClient

pytestmark = pytest.mark.slow
TAKEN = Reply(body={"errcode": 0, "errmsg": "ok"})
CROWD = 200


def alert(receiver: HttpReceiver, options: str = "batch_seconds = 1") -> str:
    return f"[alert:ops]\nurl = {receiver.base}/hook\n{options}\n"


def daemon(tmp: Path, conf: str) -> Daemon:
    return Daemon(tmp, conf)


def texts(receiver: HttpReceiver) -> str:
    return "\n".join(arrived.body.decode() for arrived in receiver.requests)


def deliverers(of: Daemon) -> list[psutil.Process]:
    return [child for child in of.descendants() if "vigild.alerts" in child.cmdline()]


def test_a_crash_is_told_with_how_it_ended_and_its_last_words_signed_for_dingtalk(short_tmp: Path) -> None:
    conf = """
[program:web]
command=/bin/sh -c "echo listening >&2; echo out of memory >&2; exec sleep 1000"
startsecs=1
stderr_logfile={log}
""".format(log=short_tmp / "web.log")
    (short_tmp / "web.log").write_text("of an earlier run\n")
    with HttpReceiver(usual=TAKEN) as receiver:
        conf += f"[alert:ops]\nurl = dingtalk://TOKEN?secret=SECret&base={receiver.base}\nbatch_seconds=0\n"
        with daemon(short_tmp, conf) as running:
            running.wait_state("web", "RUNNING")
            os.kill(running.pid("web"), signal.SIGSEGV)
            until(lambda: "web is up again" in texts(receiver), what="the news that it is up again")
        down, recovered, *rest = receiver.requests
        assert rest == []
        query = down.query
        text = f"{query['timestamp']}\nSECret".encode()
        digest = hmac.new(b"SECret", text, hashlib.sha256).digest()
        assert (query["access_token"], query["sign"]) == ("TOKEN", base64.b64encode(digest).decode())
        words = down.json["markdown"]["text"]
        assert "web was killed by SIGSEGV after " in words
        assert "listening" in words
        assert "out of memory" in words
        assert "of an earlier run" not in words
        assert "web is up again, after " in recovered.json["markdown"]["text"]
        assert "SECret" not in running.log() + running.words()
        assert not [word for process in psutil.process_iter() for word in _words(process) if "SECret" in word]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_what_is_told_outlives_the_daemon_the_deliverer_and_the_receiver(short_tmp: Path) -> None:
    conf = "[program:web]\ncommand=sleep 1000\nautorestart=false\n[program:db]\ncommand=sleep 1000\nautorestart=false\n"
    with HttpReceiver() as receiver:
        receiver.usual = Reply(503)
        with daemon(short_tmp, conf + alert(receiver)) as running:
            running.wait_state("web", "RUNNING")
            running.wait_state("db", "RUNNING")
            (deliverer,) = until(lambda: deliverers(running), what="the deliverer")
            os.kill(running.pid("web"), signal.SIGKILL)
            until(lambda: receiver.requests, what="a try")
            deliverer.suspend()  # it takes nothing in any more
            os.kill(running.pid("db"), signal.SIGKILL)
            running.wait_state("db", "EXITED")
            running.kill()
            deliverer.kill()
            tries = len(receiver.requests)
            receiver.usual = Reply(200)
            running.start()
            until(lambda: '"name": "db"' in texts(receiver), what="the news of db")
            arrived = [struct for item in receiver.requests[tries:] for struct in item.json["troubles"]]
            names = Counter(struct["name"] for struct in arrived)
            assert (names["web"], names["db"]) == (1, 1)
            assert "the daemon was killed, or crashed, and is back" in texts(receiver)


def test_a_crowd_that_dies_at_once_is_one_message_and_clients_are_answered(short_tmp: Path) -> None:
    conf = "".join(
        f"[program:p{number}]\ncommand=sleep 1000\nautorestart=false\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
        for number in range(CROWD)
    )
    with (
        HttpReceiver() as receiver,
        daemon(short_tmp, conf + alert(receiver, "batch_seconds = 6")) as running,
        RpcClient(f"unix://{running.socket}") as client,
    ):

        def ask(method: str, *params: Any) -> Any:
            return client.call(method, *params)

        def states() -> Counter[str]:
            return Counter(info["statename"] for info in ask("supervisor.getAllProcessInfo"))

        until(lambda: states() == {"RUNNING": CROWD}, what="all to run")
        until(lambda: deliverers(running), what="the deliverer")
        for info in ask("supervisor.getAllProcessInfo"):
            os.kill(info["pid"], signal.SIGKILL)
        # Each is an answer of a daemon that has two hundred deaths to tell of.
        until(lambda: states() == {"EXITED": CROWD}, what="all to have ended")
        until(lambda: receiver.requests, what="the message")
        (message,) = receiver.requests
        assert f"{CROWD} programs are down" in message.json["title"]
        told = [trouble["name"] for trouble in message.json["troubles"]]
        assert sorted(told) == sorted(f"p{number}" for number in range(CROWD))
        facts = ask("vigil.getHistory", "", 0, 1000, 0, -1, "exit")
        assert {fact["name"] for fact in facts} == {f"p{number}" for number in range(CROWD)}
        assert len(facts) == CROWD


def test_who_is_told_is_a_matter_of_a_reread(short_tmp: Path) -> None:
    with HttpReceiver() as receiver, daemon(short_tmp, "[program:web]\ncommand=sleep 1000\n") as running:
        running.wait_state("web", "RUNNING")
        pid = running.pid("web")
        assert deliverers(running) == []
        running.conf.write_text(running.conf.read_text() + alert(receiver, "batch_seconds = 0"))
        assert running.ctl("reread").out == "No config updates to processes\n"
        until(lambda: deliverers(running), what="the deliverer")
        os.kill(pid, signal.SIGKILL)
        until(lambda: "web was killed by SIGKILL" in texts(receiver), what="the news")
        running.conf.write_text(running.conf.read_text().partition("[alert:")[0])
        running.ctl("reread")
        until(lambda: not deliverers(running), what="the end of the deliverer")
