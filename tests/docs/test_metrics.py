"""Dashboard, alert rules and reference speak of metrics that exist."""

import importlib.util
import json
import re

from support.markdown import ROOT
from vigild.fronts.metrics.table import METRICS

NAMES = {metric.name for metric in METRICS}


def used(text: str) -> set[str]:
    return set(re.findall(r"\bvigil_[a-z_]+", text))


def test_the_dashboard() -> None:
    dashboard = json.loads((ROOT / "docs" / "grafana" / "vigil.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    names = used(" ".join(expressions) + json.dumps(dashboard["templating"]))
    assert names <= NAMES
    assert len(names) > 20
    assert {name.split("_")[1] for name in names} >= {"process", "daemon", "alert", "monitor", "forward"}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    labels = {label for metric in METRICS for label in metric.labels} | {"instance"}
    for expression in expressions:
        for selector in re.findall(r"{([^}]*)}", expression):
            assert {part.split("=")[0].rstrip("~!") for part in selector.split(",")} <= labels


def test_the_rules() -> None:
    text = (ROOT / "docs" / "prometheus" / "vigil-rules.yml").read_text()
    expressions = re.findall(r"^ +expr: (.+)$", text, re.MULTILINE)
    assert len(expressions) == text.count("- alert: ")
    assert used(" ".join(expressions)) <= NAMES
    assert len(expressions) > 10


def test_the_reference_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "scripts" / "make_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.metrics() == module.METRICS.read_text(encoding="utf-8"), (
        "run: python scripts/make_reference.py"
    )
