"""The transport that clients of Supervisor build their proxies on."""

import xmlrpc.client
from pathlib import Path

import pytest

from supervisor.xmlrpc import Faults, RPCError, SupervisorTransport, getFaultDescription, xmlrpc_marshal
from support.fake_daemon import FakeDaemon


def refuse() -> None:
    raise xmlrpc.client.Fault(Faults.BAD_NAME, "BAD_NAME: x")


METHODS = {"supervisor.echo": lambda value: value, "supervisor.refuse": refuse}


@pytest.mark.parametrize("kind", ["unix", "tcp"])
def test_proxy_over_the_transport(short_tmp: Path, kind: str) -> None:
    with FakeDaemon(short_tmp / "s" if kind == "unix" else None, METHODS) as daemon:
        transport = SupervisorTransport("", "", daemon.url)
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        assert proxy.supervisor.echo("ü") == "ü"
        daemon.hang_up()
        assert proxy.supervisor.echo([1, {"a": True}]) == [1, {"a": True}]
        with pytest.raises(xmlrpc.client.Fault) as fault:
            proxy.supervisor.refuse()
        assert fault.value.faultCode == 10
        transport.close()


def test_failures_are_those_of_the_standard_library(short_tmp: Path) -> None:
    proxy = xmlrpc.client.ServerProxy(
        "http://127.0.0.1", transport=SupervisorTransport(serverurl=f"unix://{short_tmp}/no")
    )
    with pytest.raises(FileNotFoundError):
        proxy.supervisor.echo(1)
    with FakeDaemon(short_tmp / "s", METHODS, credentials="a:b") as daemon:
        proxy = xmlrpc.client.ServerProxy("http://x", transport=SupervisorTransport(serverurl=daemon.url))
        with pytest.raises(xmlrpc.client.ProtocolError) as refusal:
            proxy.supervisor.echo(1)
        assert refusal.value.errcode == 401
    with pytest.raises(ValueError, match="Unknown protocol for serverurl ftp://x"):
        SupervisorTransport("", "", "ftp://x")


def test_rpc_error_carries_the_fault() -> None:
    error = RPCError(Faults.BAD_NAME, "x")
    assert (error.code, error.text) == (10, "BAD_NAME: x")
    assert str(error) == "code=10, text='BAD_NAME: x'"
    assert RPCError(70).text == "NOT_RUNNING"
    assert getFaultDescription(12345) == "UNKNOWN"


def test_marshal() -> None:
    assert xmlrpc.client.loads(xmlrpc_marshal([1]))[0] == ([1],)
    with pytest.raises(xmlrpc.client.Fault):
        xmlrpc.client.loads(xmlrpc_marshal(xmlrpc.client.Fault(1, "x")))
