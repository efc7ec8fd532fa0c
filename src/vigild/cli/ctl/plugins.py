"""Actions from `[ctlplugin:x]` sections.

A factory is called with a controller and the section's options and returns an object whose `do_NAME`
methods are actions and whose `help_NAME` methods print their help. What such plugins use of Supervisor's
controller is given here (see docs/reference/supervisorctl.md); a plugin that replaces built-in actions
or subclasses the controller does not work. Imports here are late and heavy: only plugins pay for them.
"""

import traceback
from typing import Any

from vigild.cli.ctl.controller import Controller, Refused


class PluginOptions:
    """The options that plugins read, by Supervisor's names."""

    def __init__(self, ctl: Controller) -> None:
        options = ctl.options
        self.serverurl = options.server_url
        self.username = options.username
        self.password = options.password
        self.prompt = options.prompt
        self.history_file = options.history_file
        self.interactive = options.interactive
        self.plugins: list[object] = []

    def getServerProxy(self) -> Any:  # noqa: N802 - Supervisor's name
        """An `xmlrpc.client.ServerProxy` for the daemon."""
        from xmlrpc.client import ServerProxy

        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(self.username, self.password, self.serverurl)
        return ServerProxy("http://127.0.0.1", transport=transport)


class PluginController:
    """What a plugin gets as `ctl`."""

    nohelp = "*** No help on %s"

    def __init__(self, ctl: Controller) -> None:
        self._ctl = ctl
        self.options = PluginOptions(ctl)
        self.stdout = ctl.stdout

    @property
    def exitstatus(self) -> int:
        """The exit status of supervisorctl."""
        return self._ctl.exit_status

    @exitstatus.setter
    def exitstatus(self, status: int) -> None:
        self._ctl.exit_status = status

    def output(self, message: object) -> None:
        """Print a line."""
        self._ctl.output(str(message))

    def onecmd(self, line: str) -> bool:
        """Carry out another action."""
        return self._ctl.run(line)

    def upcheck(self) -> bool:
        """False, after having said why, if the daemon cannot be used."""
        try:
            self._ctl.require_daemon()
        except Refused:
            return False
        return True

    def get_supervisor(self) -> Any:
        """A proxy for `supervisor.*`; its faults are `xmlrpc.client.Fault`."""
        return self.get_server_proxy("supervisor")

    def get_server_proxy(self, namespace: str | None = None) -> Any:
        """A proxy for the daemon, or for one namespace of it."""
        proxy = self.options.getServerProxy()
        return proxy if namespace is None else getattr(proxy, namespace)

    def set_exitstatus_from_xmlrpc_fault(self, faultcode: int, ignored_faultcode: int | None = None) -> None:
        """Let a fault decide the exit status."""
        self._ctl.note_fault(faultcode, ignored_faultcode)

    def print_topics(self, header: str, cmds: list[str], cmdlen: int, maxcol: int) -> None:
        """Print names in columns."""
        self._ctl.print_topics(header, cmds)


class Plugins:
    """The loaded plugins, in the order of their sections. One that cannot be made is told of and left out."""

    def __init__(self, ctl: Controller) -> None:
        self._ctl = ctl
        self._loaded: list[tuple[str, Any]] = []
        controller = PluginController(ctl)
        for name, spec, options in ctl.options.plugins:
            try:
                plugin = _import(spec)(controller, **options)
            except Exception as error:  # a stranger's code: whatever it raises must not end us
                last = traceback.extract_tb(error.__traceback__)[-1]
                ctl.explain(
                    f"[ctlplugin:{name}] is left out: {spec}: {type(error).__name__}: {error} ({last.filename}:{last.lineno})"
                )
                continue
            plugin.name = name
            self._loaded.append((name, plugin))
            controller.options.plugins.append(plugin)

    @property
    def actions(self) -> list[str]:
        """The names of all actions that plugins add."""
        return [action for _, plugin in self._loaded for action in _actions(plugin)]

    def has(self, action: str) -> bool:
        """Is there a plugin with this action?"""
        return action in self.actions

    def run(self, action: str, argument: str) -> bool:
        """Carry out an action of a plugin; True ends the shell."""
        for _, plugin in self._loaded:
            function = getattr(plugin, f"do_{action}", None)
            if function is not None:
                return bool(function(argument))
        return False

    def help(self, topic: str) -> bool:
        """Print the help of a plugin's action; False if none has it."""
        for _, plugin in self._loaded:
            function = getattr(plugin, f"help_{topic}", None)
            action = getattr(plugin, f"do_{topic}", None)
            if function is not None:
                function()
                return True
            if action is not None and action.__doc__:
                self._ctl.output(action.__doc__)
                return True
        return False

    def list_topics(self) -> None:
        """Print the names of each plugin's actions."""
        for name, plugin in self._loaded:
            self._ctl.output("")
            self._ctl.print_topics(f"{name} commands (type help <topic>):", _actions(plugin))


def _actions(plugin: object) -> list[str]:
    return [name[3:] for name in sorted(dir(plugin)) if name.startswith("do_") and name != "do_help"]


def _import(spec: str) -> Any:
    from importlib import import_module

    module, _, names = spec.partition(":")
    found: Any = import_module(module.strip())
    for name in filter(None, names.strip().split(".")):
        found = getattr(found, name)
    return found
