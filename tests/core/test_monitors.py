import pytest

from vigild.config.rule_text import read_rules
from vigild.core.monitors import MONITOR_TYPES, MonitorType
from vigild.core.rules import Unit

TYPES = list(MONITOR_TYPES.values())


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_default_rules_are_rules_of_their_type(kind: MonitorType) -> None:
    rules = read_rules(kind.default_rules, kind.vocabulary)
    assert len(rules) == len(kind.default_rules.splitlines())


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_names_are_told_once_and_percentages_are_there(kind: MonitorType) -> None:
    names = [metric.name for metric in kind.metrics]
    assert sorted(set(names)) == sorted(names)
    for metric in kind.metrics:
        if metric.percent:
            (share,) = (other for other in kind.metrics if other.name == metric.percent)
            assert share.unit is Unit.PERCENT


def test_a_percentage_of_space_is_meant_where_one_is_written() -> None:
    (rule,) = read_rules("if space > 80% then alert", MONITOR_TYPES["filesystem"].vocabulary)
    assert rule.conditions[0].metric == "space_percent"
