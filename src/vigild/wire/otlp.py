"""Lines of output as the body of an OTLP request for logs (`/v1/logs`), in JSON; and what the answer says.

Each source is a resource; names of attributes are those of OpenTelemetry's semantic conventions. A label of the
configuration is an attribute of the resource, in the place of ours with the same name.
"""

import json
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring

from vigild.core.output_lines import Block, Source, text_records

LINE_BYTES = 230  # what a line costs in the body besides its text
# syslog's level -> SeverityNumber and its text, as OpenTelemetry's data model maps them
SEVERITIES = (
    (21, "EMERGENCY"),
    (19, "ALERT"),
    (18, "CRITICAL"),
    (17, "ERROR"),
    (13, "WARNING"),
    (10, "NOTICE"),
    (9, "INFO"),
    (5, "DEBUG"),
)


class OtlpWriter:
    """Writes for one target. `version` is ours, for the scope."""

    def __init__(self, host: str, labels: Mapping[str, str], level_prefix: bool, version: str) -> None:
        self._host = host
        self._labels = labels
        self._level_prefix = level_prefix
        self._scope = f'{{"name":"vigil","version":{encode_basestring(version)}}}'

    def body(self, blocks: Iterable[Block], observed_ns: int) -> bytes:
        """All lines, in their order within each source. `observed_ns`: now."""
        resources: dict[Source, list[str]] = {}
        for block in blocks:
            source = block.source
            records = resources.setdefault(source, [])
            rest = f'"attributes":[{{"key":"log.iostream","value":{{"stringValue":{encode_basestring(source.channel)}}}}}]}}'
            for at_ns, level, line in text_records(block, self._level_prefix):
                number, text = SEVERITIES[level]
                records.append(
                    f'{{"timeUnixNano":"{at_ns}","observedTimeUnixNano":"{max(at_ns, observed_ns)}","severityNumber":{number},'
                    f'"severityText":"{text}","body":{{"stringValue":{encode_basestring(line)}}},{rest}'
                )
        texts = (
            f'{{"resource":{{"attributes":[{self._attributes(source)}]}},'
            f'"scopeLogs":[{{"scope":{self._scope},"logRecords":[{",".join(records)}]}}]}}'
            for source, records in resources.items()
        )
        return f'{{"resourceLogs":[{",".join(texts)}]}}'.encode()

    def _attributes(self, source: Source) -> str:
        values = {
            "service.name": source.name,
            "service.namespace": source.group,
            "host.name": self._host,
            "vigil.program": source.program,
            **self._labels,
        }
        pairs = [
            f'{{"key":{encode_basestring(name)},"value":{{"stringValue":{encode_basestring(value)}}}}}'
            for name, value in values.items()
        ]
        if source.pid:
            pairs.append(f'{{"key":"process.pid","value":{{"intValue":"{source.pid}"}}}}')
        return ",".join(pairs)


def rejected(answer: bytes) -> tuple[int, str]:
    """How many lines a successful answer says were not taken, and why. An answer of another kind says nothing."""
    try:
        partial = json.loads(answer)["partialSuccess"]
        return max(0, int(partial.get("rejectedLogRecords") or 0)), str(partial.get("errorMessage") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return 0, ""
