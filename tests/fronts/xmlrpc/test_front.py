"""Calls over a real socket: the standard library's client, Supervisor's faults."""

import asyncio
import http.client
import socket
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from support.http_site import Answer, Site, site
from support.rpc_namespace import Twiddler
from vigild.core.errors import Fault, VigilError
from vigild.fronts.xmlrpc import MAIN_INTERFACE, InterfaceHost, make_handler


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        if self._connection[1] is None:
            connection = http.client.HTTPConnection("localhost")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(self.path)
            self._connection = host, connection
        return self._connection[1]


def talk(
    control: FakeControl, talker: Callable[[xmlrpc.client.ServerProxy], None], **interfaces: object
) -> None:
    """Run `talker` with the standard library's client, in a thread beside the server."""

    def in_thread(there: Site) -> None:
        with xmlrpc.client.ServerProxy(
            "http://localhost", _UnixTransport(there.path), allow_none=True
        ) as proxy:
            talker(proxy)

    async def run() -> None:
        async with site(control.directory, make_handler(control, interfaces)) as there:
            await asyncio.to_thread(in_thread, there)

    asyncio.run(run())


def fault(call: Callable[..., object], *params: object) -> tuple[int, str]:
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*params)
    return caught.value.faultCode, caught.value.faultString


@pytest.fixture
def control(short_tmp: Path) -> FakeControl:
    control = FakeControl(short_tmp)
    control.add("cat")
    return control


# ---- every method reaches its operation ----

CALLS: list[tuple[str, tuple[object, ...], object, tuple[object, ...] | None]] = [
    ("getAPIVersion", (), "3.0", None),
    ("getVersion", (), "3.0", None),
    ("getSupervisorVersion", (), "4.3.0", None),
    ("getIdentification", (), "supervisor", None),
    ("getState", (), {"statecode": 1, "statename": "RUNNING"}, None),
    ("getPID", (), 4711, None),
    ("readLog", (-5, 0), "", ("read_log", -5, 0)),
    ("readMainLog", ("0", 20.5), "", ("read_log", 0, 20)),
    ("clearLog", (), True, ("clear_log",)),
    ("shutdown", (), True, ("shutdown",)),
    ("restart", (), True, ("restart",)),
    ("reloadConfig", (), [[["new"], ["other"], []]], ("reload",)),
    ("addProcessGroup", ("g",), True, ("add_group", "g")),
    ("removeProcessGroup", (1,), True, ("remove_group", "1")),
    ("startProcess", ("cat", False), Fault.ALREADY_STARTED, ("start", "cat", False)),
    ("startProcess", ("cat",), Fault.ALREADY_STARTED, ("start", "cat")),
    ("stopProcess", ("cat",), True, ("stop", "cat")),
    ("startProcessGroup", ("cat", "yes"), [{"name": "cat", "group": "cat", "status": 80, "description": "OK"}],
     ("start_group", "cat", True)),
    ("startAllProcesses", (0,), [], ("start_all", False)),
    ("stopProcessGroup", ("cat", False), [], ("stop_group", "cat", False)),
    ("stopAllProcesses", (), [], ("stop_all",)),
    ("signalProcess", ("cat", "HUP"), True, ("signal", "cat", "HUP")),
    ("signalProcess", ("cat", 1), True, ("signal", "cat", "1")),
    ("signalProcessGroup", ("cat", "1"), [], ("signal_group", "cat", "1")),
    ("signalAllProcesses", ("HUP",), [], ("signal_all", "HUP")),
    ("sendProcessStdin", ("cat", "é\n"), True, ("send_stdin", "cat", b"\xc3\xa9\n")),
    ("sendProcessStdin", ("cat", xmlrpc.client.Binary(b"\xff")), True, ("send_stdin", "cat", b"\xff")),
    ("sendRemoteCommEvent", ("type", "data"), True, ("send_remote_event", "type", "data")),
    ("sendRemoteCommEvent", (1, xmlrpc.client.Binary(b"\xff")), True, ("send_remote_event", "1", "\ufffd")),
    ("getProcessInfo", ("cat",), {"name": "cat", "group": "cat", "state": 20, "statename": "RUNNING"}, None),
    ("getProcessInfo", (xmlrpc.client.Binary(b"nope"),), Fault.BAD_NAME, None),
    ("getAllProcessInfo", (), [{"name": "cat", "group": "cat", "state": 20, "statename": "RUNNING"}], None),
    ("getAllConfigInfo", (), [{"name": "cat", "autostart": True, "exitcodes": [0, 2], "stdout_logfile_maxbytes": 2**32}],
     None),
    ("readProcessStdoutLog", ("cat", 0, 9), "", ("read", "cat", 0, 9, "stdout")),
    ("readProcessLog", ("cat", 0, 9), "", ("read", "cat", 0, 9, "stdout")),
    ("readProcessStderrLog", ("cat", 0, 9), "", ("read", "cat", 0, 9, "stderr")),
    ("tailProcessStdoutLog", ("cat", 0, 9), ["", 7, True], ("tail", "cat", 0, 9, "stdout")),
    ("tailProcessLog", ("cat", 0, 9), ["", 7, True], ("tail", "cat", 0, 9, "stdout")),
    ("tailProcessStderrLog", ("cat", 0, 9), ["", 7, True], ("tail", "cat", 0, 9, "stderr")),
    ("clearProcessLogs", ("cat",), True, ("clear", "cat")),
    ("clearProcessLog", ("cat",), True, ("clear", "cat")),
    ("clearAllProcessLogs", (), [], ("clear_all",)),
]  # fmt: skip


def test_every_method_reaches_its_operation(control: FakeControl) -> None:
    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        for name, params, expected, order in CALLS:
            control.orders.clear()
            call = getattr(proxy.supervisor, name)
            if isinstance(expected, Fault):
                assert fault(call, *params)[0] == expected, name
            else:
                result = call(*params)
                assert expected == result, name
                assert type(expected) is type(result), name
            if order is not None:
                assert control.orders[0][: len(order)] == order, name
        tested = {f"supervisor.{name}" for name, *_ in CALLS}
        assert tested == {name for name in proxy.system.listMethods() if name.startswith("supervisor.")}

    talk(control, talker)


def test_logs_that_are_not_utf8_arrive(control: FakeControl) -> None:
    control.logs.content = control.daemon.log = b"\xff\x1b[0m ok\n"

    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        assert proxy.supervisor.readProcessLog("cat", 0, 0) == "\ufffd\u241b[0m ok\n"
        assert proxy.supervisor.readLog(0, 0) == "\ufffd\u241b[0m ok\n"
        assert proxy.supervisor.tailProcessLog("cat", 0, 9) == ["\ufffd\u241b[0m ok\n", 7, True]

    talk(control, talker)


# ---- faults ----


def test_faults_of_the_call_itself(control: FakeControl) -> None:
    unknown, incorrect = (1, "UNKNOWN_METHOD"), (2, "INCORRECT_PARAMETERS")

    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        for name in (
            "nope",
            "supervisor.nope",
            "supervisor._update",
            "supervisor.__class__",
            "supervisor.a.b",
            "a.b",
            "supervisor.",
        ):
            assert fault(getattr(proxy, name)) == unknown, name
        for name, *params in (
            ("getState", 1), ("startProcess",), ("startProcess", "cat", True, 3), ("readLog", 0), ("sendRemoteCommEvent", "one"),
            ("getProcessInfo", 1), ("getProcessInfo", None), ("startProcess", {"a": 1}), ("startProcessGroup", []),
            ("addProcessGroup", None), ("readLog", "a", 0), ("readLog", [], 0), ("readLog", float("inf"), 0),
            ("getProcessInfo", xmlrpc.client.Binary(b"\xff")), ("signalProcess", "cat", None),
        ):  # fmt: skip
            assert fault(getattr(proxy.supervisor, str(name)), *params) == incorrect, (name, params)
        assert fault(proxy.supervisor.sendProcessStdin, "cat", 5) == (2, "INCORRECT_PARAMETERS: 5")
        assert fault(proxy.supervisor.getProcessInfo, "nope") == (10, "BAD_NAME: nope")
        assert fault(proxy.system.methodHelp, "nope") == (4, "SIGNATURE_UNSUPPORTED")
        assert fault(proxy.system.methodSignature, "supervisor") == (4, "SIGNATURE_UNSUPPORTED")
        assert control.orders == []

    talk(control, talker)


def test_while_shutting_down_all_but_a_few_are_refused(control: FakeControl) -> None:
    control.going_down = True
    shutdown = (6, "SHUTDOWN_STATE")

    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        for name, params, _, _ in CALLS:
            if name != "sendRemoteCommEvent":
                assert fault(getattr(proxy.supervisor, name), *params) == shutdown, name
        assert proxy.supervisor.sendRemoteCommEvent("a", "b") is True
        assert "supervisor.getState" in proxy.system.listMethods()
        assert proxy.system.methodSignature("supervisor.getState") == ["struct"]
        assert fault(proxy.supervisor.getState, 1) == (2, "INCORRECT_PARAMETERS")  # looked at first
        assert [order[0] for order in control.orders] == ["send_remote_event"]

    talk(control, talker)


# ---- system.* ----


def test_multicall(control: FakeControl) -> None:
    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        answers = proxy.system.multicall(
            [
                {"methodName": "supervisor.getPID"},
                {"methodName": "nope", "params": []},
                {"params": []},
                {"methodName": "system.multicall", "params": [[]]},
                {"methodName": "supervisor.getState", "params": [1]},
                {"methodName": "supervisor.getProcessInfo", "params": ["nope"]},
                {"methodName": "supervisor.getPID", "params": {}},
                {"methodName": "supervisor.getProcessInfo", "params": "cat"},
                {"methodName": 1},
                {"methodName": "supervisor.getPID", "params": 1},
                "no struct",
                {"methodName": "system.listMethods", "params": [3]},
            ]
        )
        assert answers == [
            4711,
            {"faultCode": 1, "faultString": "UNKNOWN_METHOD"},
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS: No methodName"},
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS: Recursive system.multicall forbidden"},
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS"},
            {"faultCode": 10, "faultString": "BAD_NAME: nope"},
            4711,
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS"},
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS"},
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS"},
            {
                "faultCode": 2,
                "faultString": "INCORRECT_PARAMETERS: a call is a struct of methodName and params",
            },
            {"faultCode": 2, "faultString": "INCORRECT_PARAMETERS"},
        ]
        assert proxy.system.multicall([]) == []
        for calls in (1, "abc", {}):
            assert fault(proxy.system.multicall, calls) == (2, "INCORRECT_PARAMETERS")

    talk(control, talker)


def test_multicall_makes_each_call_when_the_one_before_is_done(control: FakeControl) -> None:
    calls = [
        ("stopProcess", ["cat"]),
        ("startProcess", ["cat"]),
        ("stopProcess", ["cat", False]),
        ("getPID", []),
    ]
    body = xmlrpc.client.dumps(
        ([{"methodName": f"supervisor.{n}", "params": p} for n, p in calls],), "system.multicall"
    ).encode()

    async def run() -> None:
        control.gate = asyncio.Event()
        async with (
            site(control.directory, make_handler(control, {})) as there,
            there.client() as client,
            there.client() as other,
        ):
            await client.send(document(body))
            while not control.orders:
                await asyncio.sleep(0.001)
            pid = await other.ask(
                document(xmlrpc.client.dumps((), "supervisor.getPID").encode())
            )  # is not held up
            assert b"4711" in pid.body
            assert [order[0] for order in control.orders] == ["stop"]
            control.gate.set()
            (answers,), _ = xmlrpc.client.loads((await client.answer()).body)
            assert answers == [True, True, True, 4711]
            assert [order[0] for order in control.orders] == ["stop", "start", "stop"]

    asyncio.run(run())


def test_a_defect_in_one_of_many_is_its_own_fault(control: FakeControl) -> None:
    control.broken = RuntimeError("the defect")

    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        calls = [{"methodName": "supervisor.clearLog"}, {"methodName": "supervisor.getPID"}]
        assert proxy.system.multicall(calls) == [
            {"faultCode": 30, "faultString": "FAILED: <class 'RuntimeError'>:the defect"},
            4711,
        ]

    talk(control, talker)


# ---- documents ----


def document(body: bytes, method: bytes = b"POST") -> bytes:
    return b"%s /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (
        method,
        len(body),
        body,
    )


def exchange(control: FakeControl, *requests: bytes) -> tuple[list[Answer], list[str]]:
    answers: list[Answer] = []
    errors: list[str] = []

    async def run() -> None:
        async with site(control.directory, make_handler(control, {})) as there, there.client() as client:
            for request in requests:
                answers.append(await client.ask(request))
            errors.extend(text for level, text in there.log if level == "error")

    asyncio.run(run())
    return answers, errors


def test_a_golden_answer(control: FakeControl) -> None:
    (answer, refused), _ = exchange(
        control,
        document(b"<methodCall><methodName>supervisor.getAPIVersion</methodName></methodCall>"),
        document(b"<methodCall><methodName>nope</methodName></methodCall>"),
    )
    assert (answer.status, answer.headers["content-type"], answer.headers["content-length"]) == (
        200,
        "text/xml",
        "129",
    )
    assert answer.body == (
        b"<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><string>3.0</string></value>\n"
        b"</param>\n</params>\n</methodResponse>\n"
    )
    assert (refused.status, refused.headers["content-length"]) == (200, "269")


def test_documents_that_are_not_read(control: FakeControl) -> None:
    answers, errors = exchange(
        control,
        document(b"garbage"),
        document(b""),
        document(b"<methodCall><params/></methodCall>"),
        document(b'<!DOCTYPE a [<!ENTITY b "c">]><methodCall><methodName>&b;</methodName></methodCall>'),
        document(
            b"<methodCall><methodName>a</methodName><params>"
            + b"<param><value/></param>" * 110_000
            + b"</params></methodCall>"
        ),
        document(b"", b"PUT"),
        b"GET /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )
    assert [answer.status for answer in answers] == [400, 400, 400, 400, 413, 400, 400, 411, 400]
    assert b"document type" in answers[3].body
    assert errors == []


def test_a_defect_is_a_500(control: FakeControl) -> None:
    control.broken = RuntimeError("the defect")
    (answer,), errors = exchange(control, document(xmlrpc.client.dumps((), "supervisor.clearLog").encode()))
    assert answer.status == 500
    assert ["RuntimeError: the defect" in text for text in errors] == [True]


# ---- extra namespaces ----


def test_an_extra_namespace(control: FakeControl) -> None:
    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        assert proxy.x.get_options() == {"a": "b"}
        assert proxy.x.later("ab", 2) == "abab"
        assert proxy.x.later("ab") == "ab"
        assert proxy.x.inherited() == "base"
        assert proxy.x.undescribed() is None
        assert proxy.x.pid() == 4711
        assert fault(proxy.x.later) == (2, "INCORRECT_PARAMETERS")
        assert fault(proxy.x.refuse) == (10, "BAD_NAME: x")
        assert fault(proxy.x.refuse_as_supervisor) == (4242, "MINE: all mine")
        assert (
            fault(proxy.x._hidden) == fault(proxy.x.constant) == fault(proxy.x.host) == (1, "UNKNOWN_METHOD")
        )
        code, text = fault(proxy.x.reach_in)
        assert code == 30
        assert "'options', a part of Supervisor's daemon that Vigil does not have" in text
        for defect in (proxy.x.fail, proxy.x.unwritable):
            with pytest.raises(xmlrpc.client.ProtocolError) as caught:
                defect()
            assert caught.value.errcode == 500
        assert proxy.system.methodSignature("x.later") == ["string", "string", "int"]
        assert "Answer after a while" in proxy.system.methodHelp("x.later")
        assert fault(proxy.system.methodSignature, "x.undescribed") == (4, "SIGNATURE_UNSUPPORTED")
        assert {"x.later", "x.inherited"} <= set(proxy.system.listMethods())
        assert not {"x._hidden", "x.constant"} & set(proxy.system.listMethods())
        calls = [{"methodName": "x.later", "params": ["a"]}, {"methodName": "x.refuse_as_supervisor"}]
        assert proxy.system.multicall(calls) == ["a", {"faultCode": 4242, "faultString": "MINE: all mine"}]

    talk(control, talker, x=Twiddler(InterfaceHost(control), a="b"))


def test_the_main_methods_in_another_namespace(control: FakeControl) -> None:
    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        assert proxy.other.getPID() == proxy.supervisor.getPID() == 4711

    talk(control, talker, other=MAIN_INTERFACE)


def test_faults_with_details(control: FakeControl) -> None:
    control.broken = VigilError(Fault.CANT_REREAD, "line 3 <x>")

    def talker(proxy: xmlrpc.client.ServerProxy) -> None:
        assert fault(proxy.supervisor.reloadConfig) == (92, "CANT_REREAD: line 3 <x>")

    talk(control, talker)
