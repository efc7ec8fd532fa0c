"""The file of what operators stopped by hand."""

import json

import pytest

from vigild.core.stop_marks import Cause, StopMark
from vigild.wire.stop_marks import decode_marks, encode_marks

MARKS = {"web": StopMark(Cause.HAND, 1_700_000_000.0), "g:a é": StopMark(Cause.GROUP, 0.0)}


def test_marks_come_back_and_a_person_can_read_them() -> None:
    data = encode_marks(MARKS, "/etc/c.conf", "supervisor")
    assert decode_marks(data) == MARKS
    document = json.loads(data)
    assert document["configuration"] == "/etc/c.conf"
    assert document["stopped"]["web"] == {"by": "hand", "at": "2023-11-14T22:13:20+00:00"}
    assert data.endswith(b"}\n")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"vigil": 2, "stopped": {}}',
        b'{"vigil": 1, "stopped": []}',
        b'{"vigil": 1, "stopped": {"a": 3}}',
        b'{"vigil": 1, "stopped": {"a": {"by": "cat", "at": "2023-11-14T22:13:20+00:00"}}}',
        b'{"vigil": 1, "stopped": {"a": {"by": "hand", "at": "yesterday"}}}',
        b'{"vigil": 1, "stopped": {"a": {"by": "hand", "at": 5}}}',
    ],
)
def test_what_is_no_such_file_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        decode_marks(data)
