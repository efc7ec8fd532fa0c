"""Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0."""

import math
from collections.abc import Iterable, Iterator, Mapping

from vigild.fronts.metrics.table import Metric

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
MAX_LABEL_CHARACTERS = 200

Samples = list[tuple[str, float]]
"""Label sets as `labels` makes them, with their values."""


def labels(names: Iterable[str], values: Iterable[object]) -> str:
    """`{group="web",process="1"}`; values are cut to a bounded length."""
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: object) -> str:
    text = str(value)[:MAX_LABEL_CHARACTERS]
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def render(samples: Mapping[Metric, Samples], *, openmetrics: bool) -> Iterator[bytes]:
    """The whole text, a metric at a time. Metrics without a sample are left out."""
    for metric, found in samples.items():
        if not found:
            continue
        lines: list[str] = []
        base, name = metric.name, metric.name
        if openmetrics:
            base = base.removesuffix("_total") if metric.kind == "counter" else base.removesuffix("_info")
        kind = metric.kind if openmetrics or metric.kind != "info" else "gauge"
        lines.append(f"# HELP {base} {metric.words}")
        lines.append(f"# TYPE {base} {kind}")
        if openmetrics and metric.unit:
            lines.append(f"# UNIT {base} {metric.unit}")
        lines += [f"{name}{of} {_number(value)}" for of, value in found]
        yield ("\n".join(lines) + "\n").encode("utf-8", "replace")
    if openmetrics:
        yield b"# EOF\n"


def _number(value: float) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "NaN" if math.isnan(value) else repr(value)


def wants_openmetrics(accept: str) -> bool:
    """Does the Accept header prefer OpenMetrics to plain text?"""
    weights = {"application/openmetrics-text": 0.0, "text/plain": 0.0}
    for part in accept.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        if media in weights:
            weights[media] = max(weights[media], weight)
    return weights["application/openmetrics-text"] > 0 and (
        weights["application/openmetrics-text"] >= weights["text/plain"]
    )
