import json

import pytest

from vigild.core.output_lines import Block, Source
from vigild.wire.loki import LokiWriter, label_name

OUT = Source("web:web_1", "web", "web_1", "stdout", 42)
ERR = Source("web:web_1", "web", "web_1", "stderr", 42)
AT = 1_700_000_000_123_456_789


def test_lines_with_the_same_labels_are_one_stream() -> None:
    blocks = [
        Block(OUT, AT, 'a"\x1b\n<4>é'.encode(), 2),
        Block(ERR, AT, b"c\xff", 1),
        Block(Source("web:web_1", "web", "web_1", "stdout", 43), AT + 9, b"d", 1),
    ]
    body = json.loads(LokiWriter("node", {"env": "prod"}, True).body(blocks))
    common = {"program": "web:web_1", "group": "web", "host": "node", "env": "prod"}
    assert {
        "streams": [
            {
                "stream": {**common, "stream": "stdout", "level": "info"},
                "values": [[str(AT), 'a"\x1b'], [str(AT + 9), "d"]],
            },
            {"stream": {**common, "stream": "stdout", "level": "warning"}, "values": [[str(AT + 1), "é"]]},
            {"stream": {**common, "stream": "stderr", "level": "error"}, "values": [[str(AT), "c\ufffd"]]},
        ]
    } == body


def test_a_label_takes_the_place_of_ours() -> None:
    body = json.loads(LokiWriter("node", {"host": "other"}, False).body([Block(OUT, AT, b"<4>x", 1)]))
    (stream,) = body["streams"]
    assert ("other", "info") == (stream["stream"]["host"], stream["stream"]["level"])
    assert [[str(AT), "<4>x"]] == stream["values"]


@pytest.mark.parametrize(
    ("name", "expected"), [("a", "a"), ("a.b-c", "a_b_c"), ("1st", "_1st"), ("", "_"), ("é", "_")]
)
def test_names_of_labels(name: str, expected: str) -> None:
    assert expected == label_name(name)
