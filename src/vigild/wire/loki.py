"""Lines of output as the body of a request to Loki (`/loki/api/v1/push`), in JSON.

Lines with the same labels are one stream. Labels are few on purpose (no pid): each combination of their values costs Loki
memory and files.
"""

import json
import re
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring

from vigild.core.output_lines import Block, text_records

LINE_BYTES = 30  # what a line costs in the body besides its text
# syslog's levels by number, in words that Grafana knows
LEVELS = ("emerg", "alert", "critical", "error", "warning", "notice", "info", "debug")
_UNFIT = re.compile(r"[^A-Za-z0-9_]")


class LokiWriter:
    """Writes for one target. A label of the configuration takes the place of ours with the same name."""

    def __init__(self, host: str, labels: Mapping[str, str], level_prefix: bool) -> None:
        self._host = host
        self._labels = {label_name(name): value for name, value in labels.items()}
        self._level_prefix = level_prefix

    def body(self, blocks: Iterable[Block]) -> bytes:
        """All lines, in their order within each stream."""
        streams: dict[tuple[str, str, str, int], list[str]] = {}
        for block in blocks:
            source = block.source
            for at_ns, level, line in text_records(block, self._level_prefix):
                key = (source.program, source.group, source.channel, level)
                values = streams.get(key)
                if values is None:
                    values = streams[key] = []
                values.append(f'["{at_ns}",{encode_basestring(line)}]')
        texts = (
            f'{{"stream":{self._stream(*key)},"values":[{",".join(values)}]}}'
            for key, values in streams.items()
        )
        return f'{{"streams":[{",".join(texts)}]}}'.encode()

    def _stream(self, program: str, group: str, channel: str, level: int) -> str:
        labels = {
            "program": program,
            "group": group,
            "stream": channel,
            "level": LEVELS[level],
            "host": self._host,
            **self._labels,
        }
        return json.dumps(labels, ensure_ascii=False)


def label_name(name: str) -> str:
    """A name as Loki takes it: letters, digits and underscores, and no digit first."""
    plain = _UNFIT.sub("_", name)
    return plain if plain and not plain[0].isdigit() else f"_{plain}"
