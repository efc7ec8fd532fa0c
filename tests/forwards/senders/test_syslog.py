"""With a real rsyslog, which says what it understood of each message."""

import socket
import time
from pathlib import Path

import pytest

from support.forwarder import HOST, Forwarder
from support.rsyslog import Rsyslog
from support.tls import server_context
from support.until import DEADLINE_SECONDS, until
from vigild.core.backlog import batch_of
from vigild.core.forwarding import DELIVERED
from vigild.core.output_lines import Block, Source
from vigild.forwards.senders.syslog import SyslogSender, send_cut
from vigild.wire.forward_urls import MIN_MESSAGE_BYTES, Syslog, parse_target


def sender(url: str) -> SyslogSender:
    target = parse_target(url)
    assert isinstance(target, Syslog)
    return SyslogSender(target, HOST, {})


@pytest.mark.slow
def test_rsyslog_understands_every_way(short_tmp: Path) -> None:
    server_context(short_tmp)
    with Rsyslog(short_tmp, with_tls=True) as receiver:
        urls = {
            "udp": f"syslog+udp://127.0.0.1:{receiver.udp}?facility=local1",
            "tcp": f"syslog+tcp://127.0.0.1:{receiver.tcp}?enterprise=99",
            "tls": f"syslog+tls://127.0.0.1:{receiver.tls}?ca={short_tmp}/cert.pem&app_name=shop",
            "socket": f"syslog://{receiver.socket}",
            "old": f"syslog+tcp://127.0.0.1:{receiver.tcp}?format=rfc3164",
        }
        labels = [["env", 'p"r]od']]
        with Forwarder(
            *({"name": name, "url": url, "labels": labels} for name, url in urls.items())
        ) as forwarder:
            forwarder.open(1, "web:web_1")
            long = "中" * 20_000
            forwarder.data(1, f'<4>hällo \x1b]"\n\n{long}\n'.encode(), at=1_700_000_000.25)
            until(lambda: len(receiver.messages()) == 15)
            tests = [forwarder.test(name, number) for number, name in enumerate(urls)]
    assert [True] * 5 == [test["ok"] for test in tests], tests
    messages = receiver.messages()
    common = {
        "msg": 'hällo #033]"',
        "host": HOST,
        "app": "web_1",
        "pid": "42",
        "id": "stdout",
        "version": "1",
    }
    for way, pri, app, number in (
        ("imudp", "140", "web_1", 32473),
        ("imptcp", "12", "web_1", 99),
        ("imtcp", "12", "shop", 32473),
        ("imuxsock", "12", "web_1", 32473),
    ):
        data = f'[vigil@{number} program="web:web_1" group="web" stream="stdout" env="p\\"r\\]od"]'
        found = [
            each
            for each in messages
            if each["input"] == way and each["version"] == "1" and each["app"] != "vigil"
        ]
        expected = {**common, "pri": pri, "app": app, "data": data}
        assert expected == {name: found[0][name] for name in expected}
        texts = [each["msg"] for each in found]
        assert "" == texts[1]
        if way in ("imptcp", "imtcp", "imuxsock"):
            assert long == texts[2]
        else:
            assert texts[2].endswith("…")
            assert long.startswith(texts[2][:-1])
    (stamp,) = {
        each["time"][:19]
        for each in messages
        if each["input"] == "imptcp" and each["pid"] == "42" and each["version"] == "1"
    }
    assert "2023-11-14T22:13:20" == stamp
    old = [each for each in messages if each["version"] == "0" and each["app"] != "vigil"]
    assert [("web_1", "42", HOST, ' hällo #033]"')] * 1 == [
        (each["app"], each["pid"], each["host"], each["msg"]) for each in old[:1]
    ]


@pytest.mark.slow
def test_an_outage_loses_nothing_and_nothing_comes_twice(short_tmp: Path) -> None:
    with (
        Rsyslog(short_tmp) as receiver,
        Forwarder({"name": "f", "url": f"syslog+tcp://127.0.0.1:{receiver.tcp}"}) as forwarder,
    ):
        forwarder.open(1, "web")
        lines = [f"line {number}" for number in range(3000)]
        forwarder.data(1, "".join(f"{line}\n" for line in lines[:1000]).encode())
        until(lambda: len(receiver.texts()) == 1000)
        receiver.stop()
        for line in lines[1000:2000]:
            forwarder.data(1, f"{line}\n".encode())
        until(lambda: forwarder.report("f").get("error"))
        assert "Connection refused" in forwarder.report("f")["error"]
        assert 1000 == forwarder.report("f")["sent_lines"]
        receiver.start()
        until(lambda: not forwarder.report("f")["failing_since"])
        forwarder.data(1, "".join(f"{line}\n" for line in lines[2000:]).encode())
        until(lambda: len(receiver.texts()) >= 3000)
    assert lines == receiver.texts()


@pytest.mark.slow
def test_a_receiver_that_asks_who_we_are(short_tmp: Path) -> None:
    server_context(short_tmp)
    cert, key = short_tmp / "cert.pem", short_tmp / "key.pem"
    with Rsyslog(short_tmp, with_tls=True, auth_mode="x509/certvalid") as receiver:
        base = f"syslog+tls://127.0.0.1:{receiver.tls}?ca={cert}"
        known = sender(f"{base}&cert={cert}&key={key}")
        block = Block(Source("a", "a", "a", "stdout", 1), time.time_ns(), b"known", 1)
        assert DELIVERED == known.send(batch_of([block]))
        until(lambda: ["known"] == receiver.texts())
        known.close()


def test_a_socket_of_this_machine_may_be_a_stream(short_tmp: Path) -> None:
    path = short_tmp / "s"
    made = sender(f"syslog://{path}?format=rfc3164")
    block = Block(Source("a", "a", "a", "stdout", 1), time.time_ns(), b"one\ntwo", 2)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(DEADLINE_SECONDS)
        assert DELIVERED == made.send(batch_of([block]))
        client, _ = server.accept()
        with client:
            assert [b" one", b" two"] == [line.partition(b"]:")[2] for line in client.recv(1000).splitlines()]
    made.close()


def test_what_is_too_long_for_a_socket_is_cut() -> None:
    class Narrow:
        def __init__(self, size: int) -> None:
            self.size, self.sent = size, b""

        def send(self, message: bytes) -> None:
            if len(message) > self.size:
                raise OSError(90, "Message too long")
            self.sent = message

    narrow = Narrow(5000)
    send_cut(narrow, b"x" * 32_000)  # type: ignore[arg-type]
    assert b"x" * (4000 - 3) + "…".encode() == narrow.sent
    with pytest.raises(OSError, match="too long"):
        send_cut(Narrow(MIN_MESSAGE_BYTES - 1), b"x" * 32_000)  # type: ignore[arg-type]
