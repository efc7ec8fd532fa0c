"""How things stood, as a file."""

import json

import pytest

from vigild.wire.state_documents import MONITORS, SCHEDULES, decode_states, encode_states

STATES = {"job": {"plan": "@daily", "handled": 5.0}, "other": {"plan": "", "handled": 0}}


def test_there_and_back() -> None:
    data = encode_states(SCHEDULES, STATES, "/etc/supervisord.conf", "supervisor")
    assert decode_states(SCHEDULES, data) == STATES
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
        decode_states(SCHEDULES, data)


def test_a_file_of_others_is_none_of_these() -> None:
    with pytest.raises(ValueError, match="it is no list of monitors"):
        decode_states(MONITORS, encode_states(SCHEDULES, STATES, "/etc/supervisord.conf", "supervisor"))
