"""[ctlplugin:x]: actions from elsewhere."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.fake_daemon import FakeDaemon
from vigild.cli.ctl.controller import Controller
from vigild.cli.ctl.options import Options
from vigild.cli.ctl.shell import Completer

PLUGIN = '''
from supervisor.supervisorctl import ControllerPluginBase, LSBInitExitStatuses


class Serial(ControllerPluginBase):
    name = "serial"

    def __init__(self, controller, **config):
        self.ctl = controller
        self.config = config

    def do_each(self, arg):
        """Says more."""
        if not self.ctl.upcheck():
            return
        for info in self.ctl.get_supervisor().getAllProcessInfo()[:2]:
            self.ctl.onecmd("restart %s:%s" % (info["group"], info["name"]))
        self.ctl.output(self.config["greeting"])
        self.ctl.exitstatus = LSBInitExitStatuses.NOT_INSTALLED

    def help_each(self):
        self.ctl.output("each\\tdoes each")

    def do_plain(self, arg):
        """Plain words."""
        raise RuntimeError("went wrong " + arg)

    def do_leave(self, arg):
        self.ctl.set_exitstatus_from_xmlrpc_fault(70)
        return True


def make(controller, **config):
    return Serial(controller, **config)


def broken(controller):
    raise RuntimeError("no")
'''


@pytest.fixture
def ctl(daemon: FakeDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    (tmp_path / "a_ctl_plugin.py").write_text(PLUGIN)
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins = (("serial", "a_ctl_plugin:make", {"greeting": "hello"}), ("bad", "a_ctl_plugin:broken", {}))
    controller = Controller(Options(server_url=daemon.url, plugins=plugins), io.StringIO(), io.StringIO())
    yield controller
    controller.disconnect()
    sys.modules.pop("a_ctl_plugin", None)


def said(ctl: Controller) -> str:
    assert isinstance(ctl.stdout, io.StringIO)
    return ctl.stdout.getvalue()


def test_plugin_acts(ctl: Controller) -> None:
    ctl.run("each x")
    assert said(ctl) == "cat: stopped\ncat: started\npair:one: stopped\npair:one: started\nhello\n"
    assert ctl.exit_status == 5


def test_plugin_that_cannot_be_made_is_told_of(ctl: Controller) -> None:
    ctl.run("each")
    assert isinstance(ctl.stderr, io.StringIO)
    assert "[ctlplugin:bad] is left out: a_ctl_plugin:broken: RuntimeError: no" in ctl.stderr.getvalue()


def test_built_in_actions_do_not_load_plugins(ctl: Controller) -> None:
    ctl.run("pid")
    assert "a_ctl_plugin" not in sys.modules


def test_failure_of_a_plugin_does_not_end_the_shell(ctl: Controller) -> None:
    assert ctl.run("plain sailing") is False
    assert said(ctl).startswith("error: <class 'RuntimeError'>, went wrong sailing: file: ")
    assert ctl.exit_status == 1


def test_plugin_can_end_the_shell_and_set_the_status(ctl: Controller) -> None:
    assert ctl.run("leave") is True
    assert ctl.exit_status == 7


def test_help_and_completion_know_plugins(ctl: Controller) -> None:
    ctl.run("help each")
    ctl.run("help plain")
    ctl.run("help nosuch")
    assert said(ctl) == "each\tdoes each\nPlain words.\n*** No help on nosuch\n"
    ctl.run("help")
    assert "serial commands (type help <topic>):\n" in said(ctl)
    assert Completer(ctl).candidates("ea", "ea") == ["each "]
