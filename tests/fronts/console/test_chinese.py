"""The Chinese words of the console: there are some for everything that has a code, and for nothing else."""

import re
from pathlib import Path

import pytest

import vigild.fronts.console
from support.story_codes import STORY_CODES
from vigild.config.codes import CODES
from vigild.core.dependency import Condition
from vigild.core.effects import Alarm
from vigild.core.history import cause_of
from vigild.core.monitors import MONITOR_TYPES
from vigild.core.orders import (
    AlarmRang,
    BecameReady,
    Exited,
    Restart,
    ShutDown,
    SignalFailed,
    SpawnFailed,
    Start,
    Stop,
)
from vigild.core.rules import Unit
from vigild.core.states import ProcessState
from vigild.fronts.api.problems import PROBLEMS
from vigild.fronts.api.table import ENDPOINTS
from vigild.fronts.xmlrpc.orders import ORDERS

ASSETS = Path(vigild.fronts.console.__file__).with_name("assets")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def read(name: str) -> str:
    return (ASSETS / name).read_text()


def keys(name: str, pattern: str) -> set[str]:
    return set(re.findall(pattern, read(name), re.M))


def texts(beginning: str) -> set[str]:
    return keys("i18n.js", rf'^  "{re.escape(beginning)}([^"]+)": \[')


def test_every_finding_has_a_title_and_says_what_next() -> None:
    found = re.findall(r'^  (V\d+): \["([^"]+)", "([^"]+)"\],$', read("chinese/findings.js"), re.M)
    assert {code for code, _, _ in found} == set(CODES)
    assert [code for code, title, then in found if not (CHINESE.search(title) and CHINESE.search(then))] == []


def test_every_problem_has_words() -> None:
    assert keys("chinese/problems.js", r'^  (\w+): "[^"]*[\u4e00-\u9fff]') == set(PROBLEMS)


def test_every_sentence_of_a_story_has_words() -> None:
    meanings = keys("chinese/story.js", r'^  (\w+): \["[^"]+", "[^"]+"\],$')
    sentences = keys("chinese/story.js", r'^  (\w+): "[^"]+",$')
    told = {f"{part}.{code}" for code in meanings for part in ("meaning", "try")} | sentences
    assert told == STORY_CODES - {"line"}  # a line is what the program wrote


def test_every_cause_of_a_move_has_words() -> None:
    inputs = [
        Start(),
        Stop(),
        ShutDown(),
        Restart(),
        Exited(0),
        SpawnFailed(""),
        AlarmRang(Alarm.RETRY),
        SignalFailed(),
        BecameReady(),
    ]
    causes = {cause_of(one, state) for one in inputs for state in ProcessState}
    assert causes <= texts("cause.")


def test_every_condition_type_and_order_has_words() -> None:
    assert {condition.value for condition in Condition} == texts("condition.")
    assert set(MONITOR_TYPES) == texts("type.")
    orders = (
        {endpoint.id for endpoint in ENDPOINTS if endpoint.is_order} | set(ORDERS) | {"operation", "reveal"}
    )
    assert orders - texts("order.") == set()


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("BYTES", {Unit.BYTES}),
        ("SECONDS", {Unit.SECONDS}),
        ("RATES", {Unit.BYTES_PER_SECOND}),
        ("PERCENT", {Unit.PERCENT}),
    ],
)
def test_the_page_knows_what_the_numbers_of_monitors_are(name: str, units: set[Unit]) -> None:
    found = re.search(rf"const {name} = \[(.*?)\]", read("views/monitors.js"), re.S)
    assert found is not None
    of_time = {"modified"}  # a moment, and no span
    metrics = {
        metric.name for kind in MONITOR_TYPES.values() for metric in kind.metrics if metric.unit in units
    }
    assert set(re.findall(r'"(\w+)"', found[1])) == metrics - of_time
