"""Which methods are orders, what of them is told, and by whom."""

import asyncio
import os
from pathlib import Path

import pytest

from support.fake_control import FakeControl
from support.http_site import Answer, site
from vigild.core.errors import VigilError
from vigild.fronts.xmlrpc import MAIN_INTERFACE, make_handler
from vigild.fronts.xmlrpc.dispatch import Dispatcher
from vigild.fronts.xmlrpc.orders import MAX_NAMES, ORDERS, outcome_words, subject_of, told_arguments
from vigild.wire.xmlrpc import encode_call

QUESTIONS = ("get", "read", "tail", "watch")


def test_whatever_is_no_question_is_an_order(short_tmp: Path) -> None:
    names = {
        name.partition(".")[2]
        for name in Dispatcher(FakeControl(short_tmp), {"supervisor": MAIN_INTERFACE}).table
        if not name.startswith("system.")
    }
    aliases = {"clearProcessLog"}
    assert {name for name in names if not name.startswith(QUESTIONS)} == set(ORDERS) | aliases


def test_what_is_written_to_a_program_is_nobodys_business() -> None:
    assert told_arguments("sendProcessStdin", ["web", "password\n"]) == ["web"]
    assert told_arguments("sendRemoteCommEvent", ["type", "secret"]) == ["type"]
    assert told_arguments("signalProcess", ["web", 15]) == ["web", "15"]
    assert [len(word) for word in told_arguments("startProcess", ["x" * 9999])] == [200]


def test_whom_an_order_is_about() -> None:
    assert subject_of("startProcess", ["web", "True"]) == "web"
    assert subject_of("startAllProcesses", ["True"]) == ""
    assert subject_of("signalAllProcesses", ["HUP"]) == ""
    assert subject_of("shutdown", []) == ""


def test_what_came_of_it() -> None:
    assert outcome_words(True) == ""
    assert outcome_words([[["new"], [], []]]) == ""
    done, refused = {"name": "a", "description": "OK"}, {"name": "b", "description": "SPAWN_ERROR"}
    assert outcome_words([done, refused]) == "b: SPAWN_ERROR"
    assert outcome_words([refused] * (MAX_NAMES + 2)).endswith("b: SPAWN_ERROR and 2 more")


def test_orders_are_noted_and_questions_are_not(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    control.add("cat")
    dispatcher = Dispatcher(control, {})
    asyncio.run(dispatcher.call("supervisor.stopProcess", ["cat"]))
    asyncio.run(dispatcher.call("supervisor.getProcessInfo", ["cat"]))
    with pytest.raises(VigilError):
        asyncio.run(dispatcher.call("supervisor.startProcess", ["dog"]))
    with pytest.raises(VigilError):
        asyncio.run(dispatcher.call("supervisor.startProcess", []))
    done, refused, wrong = control.history.orders
    assert done == ("stopProcess", "cat", ["cat"], "", "")
    assert refused[:3] == ("startProcess", "dog", ["dog"])
    assert refused[3].startswith("BAD_NAME")
    assert wrong[3].startswith("INCORRECT_PARAMETERS")


def test_the_kernel_says_who_is_on_a_unix_socket(short_tmp: Path) -> None:
    control = FakeControl(short_tmp)
    body = encode_call("supervisor.clearAllProcessLogs")
    head = b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)

    async def run() -> Answer:
        async with site(short_tmp, make_handler(control, {})) as there, there.client() as client:
            return await client.ask(head + body)

    assert asyncio.run(run()).status == 200
    assert control.history.orders[0][4] == f"uid {os.getuid()}"
