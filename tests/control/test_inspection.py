"""The configuration for people."""

import asyncio
from pathlib import Path

import pytest

from support.api import Api
from support.fakes import World
from vigild.config.model import Config, DaemonConfig
from vigild.control.daemon import Configuration, Daemon, VigilControl
from vigild.control.inspection import Inspection
from vigild.core.errors import Fault, VigilError

CONF = "[supervisord]\n[group:g]\nprograms=a,b\n[program:a]\ncommand=cat\n[program:b]\ncommand=cat\n[program:old]\ncommand=cat\nautostart=false\n"


def test_what_changes_in_a_group(tmp_path: Path) -> None:
    api = Api(tmp_path, conf=CONF)
    there = api.control.inspection
    assert isinstance(there, Inspection)
    text = CONF.replace("programs=a,b", "programs=a,c\npriority=5").replace("[program:b]", "[program:c]")
    api.path.write_text(text.replace("[program:old]\ncommand=cat\nautostart=false\n", ""))
    told = {one["group"]: one for one in there.pending()["changes"]}  # type: ignore[attr-defined]
    assert ["", "c", "b"] == [one["process"] for one in told["g"]["processes"]]
    assert [("priority", 999, 5)] == [
        (one["option"], one["old"], one["new"]) for one in told["g"]["processes"][0]["options"]
    ]
    assert "removed" == told["old"]["change"]


def test_what_is_in_force_after_a_reread(tmp_path: Path) -> None:
    api = Api(tmp_path, conf=CONF)
    there = api.control.inspection
    assert [] == there.current()["forwards"]
    api.path.write_text(
        CONF.replace("[supervisord]\n", "[supervisord]\nminfds=7\n") + "[forward:x]\nurl=journald:\n"
    )
    config = api.load().config
    assert config is not None
    api.control.follow(config)
    (forward,) = there.current()["forwards"]  # type: ignore[misc, attr-defined]
    assert ("x", "********") == (forward["name"], forward["url"])
    assert 1024 == there.current()["daemon"]["minfds"], "what takes a restart is not in force"  # type: ignore[index]


def test_an_update_removes_and_says_what_failed(tmp_path: Path) -> None:
    api = Api(tmp_path, conf=CONF)
    api.path.write_text(CONF.replace("[program:old]\ncommand=cat\nautostart=false\n", ""))

    async def run() -> None:
        operation = api.control.inspection.update([])
        await api.control.operations.wait(operation, 5)
        assert ("done", ["old"]) == (operation.state, [one["name"] for one in operation.outcomes])

    asyncio.run(run())
    assert "old" not in api.world.engine.groups
    with pytest.raises(VigilError) as caught:
        api.control.inspection.update(["nope"])
    assert Fault.BAD_NAME is caught.value.fault


def test_without_a_configuration_there_is_nothing_to_inspect(tmp_path: Path) -> None:
    world = World()
    control = VigilControl(
        world.engine,
        Daemon(world.engine, Api(tmp_path).control.daemon._main_log, None),  # type: ignore[arg-type]
        Configuration(world.engine, [], list, lambda old, new: ([], [], [])),
    )
    with pytest.raises(VigilError):
        _ = control.inspection
    control.follow(Config("/x", DaemonConfig()))
