import json

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs

from vigild.core.output_lines import Block, Source
from vigild.wire.otlp import OtlpWriter, rejected

OUT = Source("web:web_1", "web", "web_1", "stdout", 42)
ERR = Source("db", "db", "db", "stderr", 0)
AT = 1_700_000_000_123_456_789


def parsed(body: bytes) -> list[ResourceLogs]:
    """As the official package reads it; a field that it does not know is an error."""
    return list(
        json_format.Parse(body, ExportLogsServiceRequest(), ignore_unknown_fields=False).resource_logs
    )


def attributes(resource: ResourceLogs) -> dict[str, object]:
    return {
        pair.key: getattr(pair.value, str(pair.value.WhichOneof("value")))
        for pair in resource.resource.attributes
    }


def test_the_official_schema_reads_it() -> None:
    blocks = [
        Block(OUT, AT, 'a"\x00\n<4>é\u2028'.encode(), 2),
        Block(ERR, AT, b"c\xff", 1),
        Block(OUT, AT + 9, b"", 1),
    ]
    web, db = parsed(OtlpWriter("node", {"deployment.environment": "prod"}, True, "1.2").body(blocks, AT + 5))
    assert {
        "service.name": "web_1",
        "service.namespace": "web",
        "host.name": "node",
        "vigil.program": "web:web_1",
        "deployment.environment": "prod",
        "process.pid": 42,
    } == attributes(web)
    (scope,) = web.scope_logs
    assert ("vigil", "1.2") == (scope.scope.name, scope.scope.version)
    first, second, third = scope.log_records
    assert (AT, AT + 5, 9, "INFO", 'a"\x00') == seen(first)
    assert (AT + 1, AT + 5, 13, "WARNING", "é\u2028") == seen(second)
    assert (AT + 9, AT + 9, 9, "INFO", "") == seen(third)  # never observed before it happened
    assert [("log.iostream", "stdout")] == [(pair.key, pair.value.string_value) for pair in first.attributes]
    assert "process.pid" not in attributes(db)
    assert (AT, AT + 5, 17, "ERROR", "c\ufffd") == seen(db.scope_logs[0].log_records[0])


def seen(record: LogRecord) -> tuple[int, int, int, str, str]:
    return (
        record.time_unix_nano,
        record.observed_time_unix_nano,
        record.severity_number,
        record.severity_text,
        record.body.string_value,
    )


def test_a_label_takes_the_place_of_ours() -> None:
    (web,) = parsed(
        OtlpWriter("node", {"service.name": "shop"}, False, "1").body([Block(OUT, AT, b"<4>x", 1)], AT)
    )
    assert "shop" == attributes(web)["service.name"]
    assert "<4>x" == web.scope_logs[0].log_records[0].body.string_value


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({}, (0, "")),
        ({"partialSuccess": {}}, (0, "")),
        ({"partialSuccess": {"rejectedLogRecords": "3", "errorMessage": "too old"}}, (3, "too old")),
        ({"partialSuccess": {"rejectedLogRecords": 2}}, (2, "")),
        ({"partialSuccess": {"errorMessage": "slow down"}}, (0, "slow down")),
        ({"partialSuccess": {"rejectedLogRecords": "many"}}, (0, "")),
        ({"partialSuccess": 7}, (0, "")),
        ([], (0, "")),
    ],
)
def test_what_an_answer_says(answer: object, expected: tuple[int, str]) -> None:
    assert expected == rejected(json.dumps(answer).encode())
    assert (0, "") == rejected(b"")
