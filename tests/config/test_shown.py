"""The model for people: nothing secret."""

import pytest

from vigild.config.model import (
    AUTO,
    GroupConfig,
    MonitorConfig,
    Probe,
    ProcessConfig,
    Scheme,
    ServerConfig,
    StreamConfig,
    Where,
)
from vigild.config.shown import HIDDEN, differences, hide_in_command, shown
from vigild.core.dependency import Dependency


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("cat file", "cat file"),
        ("app --password=x --port 80", f"app --password={HIDDEN} --port 80"),
        ("app --api-key 'a b' -v", f"app --api-key {HIDDEN} -v"),
        ('env TOKEN="a b" app', f"env TOKEN={HIDDEN} app"),
        ("psql postgres://ada:pw@db/x", f"psql postgres://ada:{HIDDEN}@db/x"),
    ],
)
def test_commands(command: str, told: str) -> None:
    assert told == hide_in_command(command)


def test_what_is_secret_is_hidden_and_what_is_there_can_be_seen() -> None:
    server = ServerConfig("inet_http_server", username="ada", password="pw")
    told = shown(server)
    assert isinstance(told, dict)
    assert ("ada", HIDDEN, None) == (told["username"], told["password"], told["where"])
    assert None is shown(ServerConfig("x"))["password"]  # type: ignore[index]
    assert "pw" == shown(server, reveal=True)["password"]  # type: ignore[index]


def test_a_process() -> None:
    process = ProcessConfig(
        "web",
        "app --token=x",
        environment={"A": "secret"},
        healthcheck=Probe(Scheme.HTTP, "http://a:pw@h/", "/"),
        depends_on=(Dependency("db"),),
        where=Where("f", 3),
    )
    told = shown(process)
    assert isinstance(told, dict)
    assert f"app --token={HIDDEN}" == told["command"]
    assert {"A": HIDDEN} == told["environment"]
    assert f"http://a:{HIDDEN}@h/" == told["healthcheck"]
    assert "f:3" == told["where"]
    assert [{"name": "db", "condition": "running", "targets": []}] == told["depends_on"]
    assert "http://a:pw@h/" == shown(process, reveal=True)["healthcheck"]  # type: ignore[index]
    assert {"logfile": "auto"}.items() <= shown(StreamConfig(AUTO)).items()  # type: ignore[attr-defined]


def test_lists_of_secrets_and_strange_values() -> None:
    from dataclasses import dataclass

    @dataclass
    class Hook:
        url: str = ""
        urls: tuple[str, ...] = ("a", "b")
        key: int = 7
        other: object = frozenset()

    assert {"url": "", "urls": [HIDDEN, HIDDEN], "key": HIDDEN, "other": "frozenset()"} == shown(Hook())


def test_differences() -> None:
    def made(*processes: ProcessConfig, priority: int = 1) -> GroupConfig:
        return GroupConfig("g", priority, processes)

    old = made(ProcessConfig("a", "x", environment={"K": "1"}), ProcessConfig("b", "x"))
    new = made(ProcessConfig("a", "x", environment={"K": "2"}), ProcessConfig("c", "x"), priority=2)
    assert [] == differences(old, old)
    assert [
        {"process": "", "change": "changed", "options": [{"option": "priority", "old": 1, "new": 2}]},
        {
            "process": "a",
            "change": "changed",
            "options": [{"option": "environment.K", "old": HIDDEN, "new": HIDDEN}],
        },
        {"process": "c", "change": "added", "options": []},
        {"process": "b", "change": "removed", "options": []},
    ] == differences(old, new)
    assert {"option": "environment.K", "old": "1", "new": "2"} in differences(old, new, reveal=True)[1][
        "options"
    ]  # type: ignore[operator]
    file = made(ProcessConfig("a", "x", stdout=StreamConfig("/log")))
    auto = made(ProcessConfig("a", "x", stdout=StreamConfig(AUTO)))
    assert [] == differences(file, auto)


def test_what_a_monitor_needs_to_look_is_shown_without_its_secrets() -> None:
    settings: dict[str, object] = {
        "headers": {"Authorization": "Basic x"},
        "send": "AUTH x",
        "argv": ["look", "--password=x"],
        "port": 80,
    }
    monitor = MonitorConfig("m", "host", settings=settings)
    plain = shown(monitor)
    assert isinstance(plain, dict)
    assert plain["settings"] == {
        "headers": {"Authorization": HIDDEN},
        "send": HIDDEN,
        "argv": f"look --password={HIDDEN}",
        "port": 80,
    }
    revealed = shown(monitor, reveal=True)
    assert isinstance(revealed, dict)
    assert revealed["settings"] == settings
