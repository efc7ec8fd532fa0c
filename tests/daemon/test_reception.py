"""Servers for clients: one a door, with its credentials, and a word about a door that asks for none."""

import asyncio
from pathlib import Path

from support.fake_control import FakeControl
from support.machine import ListLog
from vigild.config.model import Config, DaemonConfig, RpcInterfaceConfig, ServerConfig
from vigild.daemon.reception import open_servers
from vigild.host.sockets import open_listener


def open_on(config: Config, log: ListLog, directory: Path) -> list[tuple[ServerConfig, str]]:
    """The servers that were opened, and what each answers a request without credentials, in its first line."""

    async def answers() -> list[tuple[ServerConfig, str]]:
        listeners = [open_listener(server, log) for server in config.servers]
        found = []
        for server, opened in open_servers(config, listeners, FakeControl(directory), log):
            reader, writer = await asyncio.open_unix_connection(server.path)
            writer.write(b"GET /nowhere HTTP/1.0\r\n\r\n")
            found.append((server, (await reader.readline()).decode().strip()))
            writer.close()
            opened.close()
        for listener in listeners:
            listener.close()
        return found

    return asyncio.run(answers())


def test_each_door_has_its_own_credentials(tmp_path: Path) -> None:
    servers = (
        ServerConfig("unix_http_server", path=str(tmp_path / "open")),
        ServerConfig("unix_http_server", path=str(tmp_path / "shut"), username="ann", password="secret"),
    )
    found = open_on(Config("conf", DaemonConfig(), servers=servers), ListLog(), tmp_path)
    assert [(server, answer.split(" ", 1)[1]) for server, answer in found] == [
        (servers[0], "404 Not Found"),
        (servers[1], "401 Unauthorized"),
    ]


def test_an_interface_that_cannot_be_loaded_is_told_and_left_out(tmp_path: Path) -> None:
    log = ListLog()
    config = Config(
        "conf",
        DaemonConfig(),
        servers=(ServerConfig("unix_http_server", path=str(tmp_path / "door")),),
        rpc_interfaces=(
            RpcInterfaceConfig("supervisor", "x:y"),
            RpcInterfaceConfig("mine", "no_such_module:f"),
        ),
    )
    open_on(config, log, tmp_path)
    text = "\n".join(map(str, log.lines))
    assert "cannot load [rpcinterface:mine]" in text
    assert "RPC interface 'supervisor' initialized" in text
    assert "RPC interface 'mine' initialized" not in text
