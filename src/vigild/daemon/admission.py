"""From the configuration to the gates of its doors: who may come in, and as what."""

import os
from collections.abc import Sequence

from vigild.config.model import Config, ServerConfig, UserConfig
from vigild.config.servers import asks_who
from vigild.control.facade import Control, HistoryControl
from vigild.core.access import Caller, Role, is_loopback
from vigild.daemon.doors import address_of
from vigild.engine.ports import Log
from vigild.fronts.serving.auth import Credentials
from vigild.fronts.serving.gate import Gate, Rules, User
from vigild.fronts.serving.guard import host_name
from vigild.fronts.serving.server import Server

READ_ONLY = (
    "[{section}] asks for no authentication and {who} not on loopback, so it is for looking only: "
    "add a password or a [user:NAME], or allow_unauthenticated=true"
)


def make_gate(
    server: ServerConfig, users: Sequence[UserConfig], bound_to: str, control: Control, log: Log
) -> Gate:
    """The gate of one server, which is bound to that address. The log is told of doors that are open to many."""

    def find_token(presented: str, address: str) -> Caller | None:
        return control.access.bearer(presented, address)  # what keeps them is not loaded before there is one

    gate = Gate(rules_of(server, users, bound_to), find_token)
    gate.note_login = control.history.note_login
    gate.log = lambda level, text: getattr(log, level)(text)
    if server.path is None:  # also where nobody is asked for now: users may come with a reread
        from vigild.core.sessions import Sessions

        gate.sessions = Sessions()
    if server.path is None and gate.rules.users is None:
        log.critical(f"Server '{server.section}' running without any HTTP authentication checking")
        if gate.rules.limit:
            log.warn(gate.rules.limit)
    return gate


def rules_of(server: ServerConfig, users: Sequence[UserConfig], bound_to: str) -> Rules:
    """What a server asks for. Supervisor's one name and password stands for an admin, beside the users."""
    if server.path is not None:
        rules = Rules(peer_roles=server.peer_roles, own_uid=os.geteuid())
        if server.username is not None:
            rules.users = _users(server, users)
        return rules
    rules = Rules(allowed_hosts=tuple(name.lower() for name in server.allowed_hosts))
    if server.trusted_proxies:
        from vigild.fronts.serving.proxies import make_see_through

        rules.see_through = make_see_through(server.trusted_proxies)
    if asks_who(server, users):
        rules.users = _users(server, users)
        rules.takes_certificates = server.client_ca_file is not None
        rules.cookie = f"vigil_session_{server.port}"
        return rules
    own = host_name(server.host.lower())
    node = os.uname().nodename.lower()
    rules.own_names = (own, node, node.partition(".")[0], *rules.allowed_hosts)
    if server.trusted_proxies and not server.allow_unauthenticated:
        rules.far_limit = READ_ONLY.format(section=server.section, who="you are")
    if not (is_loopback(bound_to) or server.allow_unauthenticated):
        rules.open_role = Role.VIEWER
        rules.limit = READ_ONLY.format(section=server.section, who="is")
    return rules


def _users(server: ServerConfig, users: Sequence[UserConfig]) -> dict[str, User]:
    known = {user.name: User(user.role, _credentials(user.name, user.password)) for user in users}
    if server.username is not None:
        known[server.username] = User(Role.ADMIN, _credentials(server.username, server.password or ""))
    return known


def _credentials(name: str, password: str | None) -> Credentials | None:
    return None if password is None else Credentials(name, password)


def renew_gates(
    servers: Sequence[tuple[ServerConfig, Server]], config: Config, history: HistoryControl
) -> None:
    """After a reread: users, roles and names are in force now; which doors there are is for the next start.

    The history is told whose rights have changed.
    """
    from vigild.core.logins import Account, changes

    def accounts() -> dict[str, Account]:
        return {
            name: Account(user.role.word, user.credentials.password if user.credentials is not None else "")
            for _server, server in servers
            if isinstance(server.gate, Gate)
            for name, user in (server.gate.rules.users or {}).items()
        }

    before = accounts()
    now = {address_of(server): server for server in config.servers}
    for old, server in servers:
        gate = server.gate
        if not isinstance(gate, Gate):
            continue
        gate.rules = rules_of(now.get(address_of(old), old), config.users, server.bound_to)
        gate.end_changed_sessions()
    told = changes(before, accounts())
    if told:
        history.note_users(told)
