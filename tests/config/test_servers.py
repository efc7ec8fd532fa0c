"""Doors and RPC interfaces."""

from pathlib import Path

import pytest

from config.build import config_of, load_text, only
from vigild.config.model import ServerConfig
from vigild.config.servers import asks_who
from vigild.core.access import PeerRoles, Principal, Role


def test_tcp_servers_come_before_unix_sockets(tmp_path: Path) -> None:
    text = """
        [unix_http_server]
        file=%(here)s/x/../s
        chmod=0770
        chown=nobody:adm
        username=%(ENV_U)s
        password=a%%b
        [inet_http_server:two]
        port=*:9001
    """
    inet, unix = config_of(load_text(tmp_path, text, {"U": "me"})).servers

    assert (inet.section, inet.name, inet.host, inet.port) == ("inet_http_server:two", "two", "", 9001)
    assert (unix.name, unix.path, unix.mode, unix.owner) == (None, f"{tmp_path}/s", 0o770, (65534, 4))
    assert (unix.username, unix.password) == ("me", "a%b")


def test_children_are_told_the_first_socket_or_the_last_port(tmp_path: Path) -> None:
    ports = "[inet_http_server:a]\nport=h:1\n[inet_http_server:b]\nport=2\n"
    sockets = "[unix_http_server:a]\nfile=/run/a\n[unix_http_server:b]\nfile=/run/b\n"

    assert config_of(load_text(tmp_path, ports)).daemon.server_url == "http://localhost:2"
    assert config_of(load_text(tmp_path, ports + sockets)).daemon.server_url == "unix:///run/a"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("[unix_http_server]\n", "V005", 1),
        ("[inet_http_server]\n", "V005", 1),
        ("[inet_http_server]\nport=x\n", "V006", 2),
        ("[unix_http_server]\nfile=/run/x\nchmod=9\n", "V006", 3),
        ("[unix_http_server]\nfile=/run/x\nchown=mallory\n", "V011", 3),
        ("[unix_http_server]\nfile=/run/x\nusername=u\n", "V013", 3),
        ("[unix_http_server]\nfile=/run/x\npassword=u\n", "V013", 3),
        ("[inet_http_server]\nport=1\nkeyfile=/k\n", "V013", 3),
        ("[inet_http_server]\nport=1\nclient_ca_file=/k\n", "V013", 3),
        ("[inet_http_server]\nport=1\nclient_cert=optional\n", "V013", 3),
        ("[inet_http_server]\nport=1\nclient_cert=x\n", "V006", 3),
        ("[unix_http_server]\nfile=/run/x\noperators=mallory\n", "V011", 3),
        ("[user:]\n", "V006", 1),
        ("[user:a:b]\n", "V006", 1),
        ("[user:ann]\nrole=root\n", "V006", 2),
        ("[rpcinterface:x]\n", "V005", 1),
        ("[rpcinterface:x]\nsupervisor.rpcinterface_factory=no_such_module:x\n", "V012", 2),
    ],
)
def test_what_is_refused_and_where(tmp_path: Path, text: str, code: str, line: int) -> None:
    loaded = load_text(tmp_path, text)

    assert loaded.config is None
    assert only(loaded, code).where.line == line


def test_an_interface_gets_its_further_options(tmp_path: Path) -> None:
    text = "[rpcinterface:own]\nsupervisor.rpcinterface_factory=os.path:join\ncolour=%(ENV_C)s\n"
    (interface,) = config_of(load_text(tmp_path, text, {"C": "red"})).rpc_interfaces

    assert (interface.name, interface.factory, interface.options) == (
        "own",
        "os.path:join",
        {"colour": "red"},
    )


def test_who_may_do_what_on_a_socket(tmp_path: Path) -> None:
    text = "[unix_http_server:a]\nfile=/a\n[unix_http_server:b]\nfile=/b\noperators=@adm\nviewers=\n"
    a, b = config_of(load_text(tmp_path, text)).servers

    assert a.peer_roles is None
    assert b.peer_roles == PeerRoles((), (Principal(4, is_group=True),), ())


def test_tls_and_names(tmp_path: Path) -> None:
    text = """
        [inet_http_server]
        port=9001
        certfile=%(here)s/x/../cert.pem
        keyfile=/key.pem
        client_ca_file=/ca.pem
        client_cert=required
        allowed_hosts=a.example, b.example
        allow_unauthenticated=true
        trusted_proxies=127.0.0.1, 10.0.0.0/8
    """
    config = config_of(load_text(tmp_path, text))
    (server,) = config.servers

    assert (server.certfile, server.keyfile) == (f"{tmp_path}/cert.pem", "/key.pem")
    assert (server.client_ca_file, server.client_cert) == ("/ca.pem", "required")
    assert (server.allowed_hosts, server.allow_unauthenticated) == (("a.example", "b.example"), True)
    assert server.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")
    assert config.daemon.server_url == "https://localhost:9001"


def test_users(tmp_path: Path) -> None:
    text = "[user:ann]\npassword=%(ENV_P)s\nrole=admin\n[user: bob ]\n"
    ann, bob = config_of(load_text(tmp_path, text, {"P": "secret"})).users

    assert (ann.name, ann.role, ann.password) == ("ann", Role.ADMIN, "secret")
    assert (bob.name, bob.role, bob.password) == ("bob", Role.VIEWER, None)
    assert "secret" not in repr(ann)
    server = ServerConfig("inet_http_server", host="", port=1)
    assert [asks_who(server, users) for users in ((ann,), ())] == [True, False]
