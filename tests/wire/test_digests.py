import pytest

from vigild.core.alerting import Trouble
from vigild.core.digest import Digest, Telling
from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.history import OutputEnd
from vigild.wire.digests import decode_digest, decode_trouble, encode_digest, encode_trouble

EDGE = Edge(
    1.5,
    EdgeKind.DOWN,
    Severity.WARNING,
    "program",
    "w\udcffb",
    "down",
    "it ended",
    {"status": 3, "core": False},
    (OutputEnd("stderr", "/x", 1, 2, 3),),
)
LINES = {"stderr": ("a", "é\ud800")}


def test_a_trouble_comes_back_as_it_was() -> None:
    trouble = Trouble(EDGE, 1.0, 2.0, 3, 4.0, 5.0, 6.0, "over", LINES)
    assert trouble == decode_trouble(encode_trouble(trouble))


def test_a_digest_comes_back_as_it_was() -> None:
    telling = Telling(EDGE, 1.0, 2, 3.0, "over", True, True, LINES)
    digest = Digest("ops", "id", 9.0, (telling, Telling(EDGE, 1.0)), 7, "quiet hours")
    assert digest == decode_digest(encode_digest(digest))


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"edge":{}}', b'{"edge":1}', b'{"alert":1}'])
def test_what_is_none_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError):
        decode_trouble(data)
    with pytest.raises(ValueError):
        decode_digest(data)
