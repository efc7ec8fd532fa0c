"""version, open, shutdown, reload, upgrade: the daemon as a whole."""

import errno

from vigild.cli.ctl.controller import Controller, Refused
from vigild.client.errors import FaultError, UnreachableError
from vigild.core.errors import Fault


def do_version(ctl: Controller, argument: str) -> None:
    if argument:
        ctl.fail("Error: version accepts no arguments")
        ctl.show_help("version")
        return
    ctl.require_daemon()
    ctl.output(ctl.supervisor.version())


def do_open(ctl: Controller, argument: str) -> None:
    url = argument.strip()
    if url.partition(":")[0].lower() not in ("http", "unix") or ":" not in url:
        ctl.fail("ERROR: url must be http:// or unix://")
        return
    ctl.options.server_url, ctl.options.server_url_origin = url, "named with open"
    ctl.disconnect()
    from vigild.cli.ctl.status import do_status

    before = ctl.exit_status
    try:
        do_status(ctl, "")
    except Refused:
        pass  # it has been said; `open` itself did what it was asked
    ctl.exit_status = before


def do_shutdown(ctl: Controller, argument: str) -> None:
    if argument:
        ctl.fail("Error: shutdown accepts no arguments")
        ctl.show_help("shutdown")
        return
    if not _is_meant(ctl, "Really shut the remote supervisord process down y/N? "):
        return
    try:
        ctl.supervisor.shutdown()
    except FaultError as fault:
        if fault.code != Fault.SHUTDOWN_STATE:
            raise
        ctl.output("ERROR: already shutting down")
    except UnreachableError as error:
        words = {errno.ECONNREFUSED: "refused connection", errno.ENOENT: "no such file"}.get(error.errno)
        if words is None:
            raise
        ctl.fail(f"ERROR: {ctl.options.shown_url} {words} (already shut down?)")
        ctl.explain_unreachable(error)
    else:
        ctl.output("Shut down")


def do_reload(ctl: Controller, argument: str) -> None:
    if argument:
        ctl.fail("Error: reload accepts no arguments")
        ctl.show_help("reload")
        return
    if not _is_meant(ctl, "Really restart the remote supervisord process y/N? "):
        return
    try:
        ctl.supervisor.restart()
    except FaultError as fault:
        if fault.code == Fault.CANT_REREAD:  # Vigil's own refusal: nothing was stopped
            ctl.fail(f"ERROR: nothing was restarted: {fault.text}")
        elif fault.code == Fault.SHUTDOWN_STATE:
            ctl.fail("ERROR: already shutting down")
        else:
            raise
    else:
        ctl.output("Restarted supervisord")


def do_upgrade(ctl: Controller, argument: str) -> None:
    if argument:
        ctl.fail("Error: upgrade accepts no arguments")
        ctl.show_help("upgrade")
        return
    ctl.require_daemon()
    from vigild.cli.upgrade import NotUpgraded, upgrade

    try:
        ctl.output(upgrade(ctl.supervisor))
    except NotUpgraded as error:
        ctl.fail(f"ERROR: {error}")


def _is_meant(ctl: Controller, question: str) -> bool:
    return not ctl.options.interactive or input(question).lower().startswith("y")
