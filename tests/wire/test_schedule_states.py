"""The file of schedules."""

import json

import pytest

from vigild.wire.schedule_states import decode_schedules, encode_schedules

STATES = {"job": {"plan": "@daily", "handled": 5.0}, "other": {"plan": "", "handled": 0}}


def test_there_and_back() -> None:
    data = encode_schedules(STATES, "/etc/supervisord.conf", "supervisor")
    assert decode_schedules(data) == STATES
    assert json.loads(data)["configuration"] == "/etc/supervisord.conf"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "Expecting value"),
        (b"[]", "it is no list of schedules"),
        (b"{}", "it is no list of schedules"),
        (b'{"vigil": 2}', "it is of version 2, and this Vigil knows 1"),
        (b'{"vigil": 1, "schedules": []}', "it is no list of schedules"),
        (b"[" * 100_000, "it is no list of schedules"),
    ],
)
def test_what_is_no_such_file(data: bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        decode_schedules(data)
