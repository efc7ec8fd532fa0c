"""What a group runs with survives as JSON, in this version and in the next."""

import json

import pytest

from config.build import load_file
from config.corpus_support import CORPUS
from vigild.config.model import AUTO, FcgiSocketConfig, GroupConfig, ProcessConfig, StreamConfig
from vigild.config.snapshot import SnapshotError, from_json, to_json
from vigild.core.process import Process, Wanted
from vigild.core.states import ProcessState

GROUP = GroupConfig(
    "g",
    5,
    (
        ProcessConfig("a", "cmd", environment={"A": "é\udcff", "$": "x"}, exit_codes=(0, 2)),
        ProcessConfig("b", "cmd", stdout=StreamConfig(None), stderr=StreamConfig("/l"), umask=0),
    ),
    socket=FcgiSocketConfig("unix:///s", path="/s", owner=(1, 2)),
)


@pytest.mark.parametrize(
    "value",
    [GROUP, Process(), Process(ProcessState.RUNNING, Wanted.UP, 7, started_at=12.25, exit_status=None)],
)
def test_what_is_written_is_read(value: object) -> None:
    assert value == from_json(to_json(value), type(value))


def test_defaults_take_no_room_and_positions_are_not_kept() -> None:
    assert {"$": "ProcessConfig", "name": "a", "command": "c"} == json.loads(to_json(ProcessConfig("a", "c")))


@pytest.mark.parametrize(
    "value",
    [0, -1, True, False, None, 0.5, 1e300, -0.0, float("inf"), float("-inf"), 'é\udcff"\\\n\0', (1, "b"), ()],
)
def test_plain_values_are_written_as_json_writes_them(value: object) -> None:
    assert json.dumps(value, separators=(",", ":")).encode() == to_json(value)


def test_what_is_kept_is_written_as_earlier_versions_did_and_read_it() -> None:
    told = Process(ProcessState.RUNNING, Wanted.UP, 7, started_at=12.25, restarts=(1.5,), condemned='"')
    assert (
        b'{"$":"Process","state":{"$":"ProcessState","v":"RUNNING"},"wanted":{"$":"Wanted","v":"UP"},"pid":7,'
        b'"started_at":12.25,"restarts":[1.5],"condemned":"\\""}' == to_json(told)
    )


class Name(str):
    """A text that is known by a name of its own."""


def test_a_text_of_a_kind_of_its_own_is_a_text() -> None:
    assert b'"a"' == to_json(Name("a"))


def test_a_field_that_is_not_known_is_ignored_and_one_that_is_missing_has_its_default() -> None:
    data = to_json(GROUP).replace(b'"command":"cmd"', b'"command":"cmd","speed":{"$":"","v":{}}')
    assert GROUP == from_json(data, GroupConfig)
    assert AUTO is from_json(b'{"$":"ProcessConfig","name":"a","command":"c"}', ProcessConfig).stdout.logfile


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b'{"$":"Nothing"}',
        b'{"$":"ProcessConfig"}',
        b'{"$":"Process"}',
        b'{"$":"ProcessConfig","name":"a","command":"c","autorestart":{"$":"Autorestart","v":"SOON"}}',
    ],
)
def test_what_is_no_such_value_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(SnapshotError, match="ProcessConfig"):
        from_json(data, ProcessConfig)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.conf"))[::10], ids=lambda path: path.stem)
def test_every_group_of_a_real_configuration_survives(path) -> None:  # type: ignore[no-untyped-def]
    loaded = load_file(str(path))
    for group in loaded.config.groups if loaded.config else ():
        assert group == from_json(to_json(group), GroupConfig)
