"""Metrics, read by Prometheus' own parsers in both formats."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from support.api import Api
from support.fakes import group, listener, program
from vigild.control.facade import Facts
from vigild.control.view import Views
from vigild.core.access import Caller, Role, current_caller
from vigild.core.forwards import ForwardCounts, ForwardInfo
from vigild.core.process import Stop
from vigild.core.samples import Sample
from vigild.fronts.metrics import make_metrics
from vigild.fronts.metrics.collect import SLICE, add_processes, known
from vigild.fronts.metrics.exposition import MAX_LABEL_CHARACTERS, Samples, labels, render, wants_openmetrics
from vigild.fronts.metrics.front import loop_delay_seconds
from vigild.fronts.metrics.table import FORWARDS, METRICS, PROCESSES, Metric
from vigild.fronts.serving.messages import Request, Response

NASTY = 'we"b\\x\n<é'
SAMPLE = Sample(1.0, 5.0, 7.5, 1.5, 4096, None, 0, 3, 2, 9, 10, 20, 1.0, 2.0, 0)


def api(tmp: Path) -> Api:
    there = Api(
        tmp,
        group(program(NASTY, start_seconds=0)),
        group(program("b", start_seconds=0, autostart=False)),
        listener("ears", "TICK_5"),
    )
    there.control._engine.latest_sample = lambda process: SAMPLE if process.process.pid else None  # type: ignore[method-assign]
    return there


def scrape(there: Api, accept: str = "", method: str = "GET", role: Role = Role.VIEWER) -> Response:
    headers = (("accept", accept),) if accept else ()
    request = Request(method, "/metrics", "/metrics", "", headers)

    async def run() -> Response:
        current_caller.set(Caller("x", role))
        return await make_metrics(there.control)(request)

    return asyncio.run(run())


def text_of(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode()


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"])
def test_both_formats_say_the_same(tmp_path: Path, accept: str) -> None:
    there = api(tmp_path)
    text = text_of(scrape(there, accept))
    read = read_openmetrics if accept else read_text
    families = {family.name: family for family in read(text)}
    samples = {
        (one.name, tuple(sorted(one.labels.items()))): one.value
        for f in families.values()
        for one in f.samples
    }
    web = (("group", NASTY), ("process", NASTY))
    assert 1 == samples[("vigil_process_up", web)]
    assert 7.5 == samples[("vigil_process_cpu_seconds_total", web)]
    assert 4096 == samples[("vigil_process_resident_memory_bytes", web)]
    assert 1 == samples[("vigil_process_state", (*web, ("state", "RUNNING")))]
    assert 0 == samples[("vigil_process_up", (("group", "b"), ("process", "b")))]
    assert 2 == samples[("vigil_processes", (("state", "RUNNING"),))]
    assert 5 == samples[("vigil_http_requests_total", ())]
    assert 0 == samples[("vigil_listener_events_waiting", (("group", "ears"),))]
    assert 7 == samples[("vigil_http_refused_total", (("reason", "unauthorized"),))]
    assert ("vigil_process_proportional_memory_bytes", web) not in samples
    kinds = {metric.name: metric.kind for metric in METRICS}
    for family in families.values():
        for one in family.samples:
            assert kinds[one.name] == family.type or (kinds[one.name], family.type) == ("info", "gauge")


def test_what_happened_to_a_process(tmp_path: Path) -> None:
    there = api(tmp_path)
    there.ask("POST", "/processes/b/start")
    there.world.engine.groups["b"].processes["b"].feed(Stop())
    there.world.exits("b", 9)
    text = text_of(scrape(there))
    of = 'group="b",process="b"'
    for line in (
        f'vigil_process_last_exit_signal{{{of},signal="SIGKILL"}} 1',
        f"vigil_process_starts_total{{{of}}} 1",
        f'vigil_process_state{{{of},state="STOPPED"}} 1',
    ):
        assert line in text.splitlines()


def told_of(view: dict[str, object]) -> dict[str, Samples]:
    samples: dict[str, Samples] = {metric.name: [] for metric in PROCESSES}
    add_processes(samples, [view])
    return {name: found for name, found in samples.items() if found}


def test_schedules_and_health() -> None:
    view = {
        "group": "g",
        "process": "p",
        "state": "STOPPED",
        "wanted": "down",
        "ready": False,
        "flapping": False,
        "waiting_for": [],
        "started_at": 0,
        "uptime_seconds": 0,
        "starts": 0,
        "restarts": 0,
        "tries": 0,
        "exit_status": None,
        "exit_signal": None,
        "left_behind": [],
        "output_bytes": {},
        "usage": None,
        "health": {"state": "unhealthy", "failures": 3, "latency_ms": 1500.0},
        "schedule": {"next_at": 9.5, "last_start_at": 5.0, "outcome": "failed", "paused": True},
    }
    told = told_of(view)
    assert [9.5, 5.0, True, True, False, 3, 1.5] == [
        told[f"vigil_process_{name}"][0][1]
        for name in (
            "next_run_time_seconds",
            "last_run_start_time_seconds",
            "last_run_failed",
            "schedule_paused",
            "healthy",
            "health_failures",
            "health_check_duration_seconds",
        )
    ]
    view |= {"schedule": {"next_at": 0, "last_start_at": 0, "outcome": "", "paused": False}, "health": None}
    told = told_of(view)
    assert not any("run" in name or "health" in name for name in told)


def test_monitors_and_alerts(tmp_path: Path) -> None:
    there = api(tmp_path)
    seen = {"space_percent": 91.5, "path": "/", "readonly": False}
    monitor = {
        "name": "disk",
        "type": "filesystem",
        "state": "failed",
        "raised": ["a"],
        "read_at": 6.0,
        "values": seen,
    }
    alert = {"name": "ops", "waiting": 1, "delivered": 2, "failing_since": 5.0, "lost": 3}
    there.control.monitors = SimpleNamespace(all=lambda: [monitor])  # type: ignore[assignment]
    there.control.alerts = SimpleNamespace(list=lambda: [alert])  # type: ignore[assignment]
    lines = text_of(scrape(there)).splitlines()
    of = 'monitor="disk",type="filesystem"'
    for line in (
        f'vigil_monitor_state{{{of},state="failed"}} 1',
        f'vigil_monitor_value{{{of},metric="space_percent"}} 91.5',
        f'vigil_monitor_value{{{of},metric="readonly"}} 0',
        f"vigil_monitor_rules_raised{{{of}}} 1",
        f"vigil_monitor_read_time_seconds{{{of}}} 6.0",
        'vigil_alert_failing{alert="ops"} 1',
        'vigil_alert_delivered_total{alert="ops"} 2',
        "vigil_alert_edges_lost_total 3",
    ):
        assert line in lines
    assert not any('metric="path"' in line for line in lines)


def test_forwards(tmp_path: Path) -> None:
    there = api(tmp_path)
    counts = ForwardCounts(10, 1000, 2, 3, 300, 4, 5)
    info = ForwardInfo("loki", "", ("*",), ("stdout",), 2, True, "", 7, 900, counts, 6.0, "refused")
    there.control.forwards = SimpleNamespace(status=lambda: [info])  # type: ignore[assignment]
    told = {line.partition("{")[0]: line.rpartition(" ")[2] for line in text_of(scrape(there)).splitlines()}
    assert [told[metric.name] for metric in FORWARDS] == [
        "1",
        "2",
        "7",
        "900",
        "10",
        "1000",
        "2",
        "3",
        "300",
        "4",
        "5",
        "1",
    ]
    assert 'vigil_forward_failing{forward="loki"} 1' in text_of(scrape(there))


def test_others_have_their_turn_while_many_processes_are_told_of(tmp_path: Path) -> None:
    there = Api(tmp_path, *(group(program(f"p{number}")) for number in range(SLICE * 3)))
    turns = 0

    async def run() -> Response:
        scraped = asyncio.ensure_future(
            make_metrics(there.control)(Request("GET", "/metrics", "/metrics", "", ()))
        )
        nonlocal turns
        while not scraped.done():
            turns += there.control.views.made > 0
            await asyncio.sleep(0)
        return scraped.result()

    there.control.views = CountingViews(there.control._engine)
    text = text_of(asyncio.run(run()))
    assert turns >= 2
    assert SLICE * 3 == text.count("\nvigil_process_up{")


class CountingViews(Views):
    """Knows whether slices have been asked for."""

    made = 0

    def in_slices(self, count: int) -> Iterator[list[Facts]]:
        for some in super().in_slices(count):
            self.made += 1
            yield some


def test_who_may_and_how(tmp_path: Path) -> None:
    there = api(tmp_path)
    assert 405 == scrape(there, method="POST").status
    assert 200 == scrape(there, method="HEAD").status
    response = scrape(there)
    assert "text/plain; version=0.0.4; charset=utf-8" == dict(response.headers)["Content-Type"]
    assert there.world.engine.sampling.interval_seconds <= 15


def test_every_metric_keeps_to_the_conventions() -> None:
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names))
    for metric in METRICS:
        assert metric.name.startswith("vigil_")
        assert (metric.kind == "counter") == metric.name.endswith("_total")
        if metric.unit:
            assert metric.name.removesuffix("_total").endswith(f"_{metric.unit}")
        assert metric.words.endswith(".")
        assert known(metric.name)


def test_labels_are_escaped_and_bounded() -> None:
    assert '{a="x\\"y\\\\z\\n"}' == labels(("a",), ('x"y\\z\n',))
    assert "" == labels((), ())
    assert len(labels(("a",), ("x" * 10_000,))) < MAX_LABEL_CHARACTERS + 20


def test_numbers() -> None:
    metric = Metric("vigil_x", "gauge", "Words.")
    values = [("", value) for value in (True, 3, 0.1, float("inf"), -float("inf"), float("nan"), 1e300)]
    told = [
        line.split(" ")[-1]
        for line in b"".join(render({metric: values}, openmetrics=False)).decode().splitlines()[2:]
    ]
    assert ["1", "3", "0.1", "+Inf", "-Inf", "NaN", "1e+300"] == told
    assert [b"# EOF\n"] == list(render({metric: []}, openmetrics=True))


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain;version=0.0.4", False),
        ("application/openmetrics-text;version=1.0.0,text/plain;q=0.5", True),
        ("application/openmetrics-text;q=0.2,text/plain;q=0.5", False),
        ("application/openmetrics-text;q=x", False),
        ("application/openmetrics-text;q=0", False),
    ],
)
def test_which_format_is_wanted(accept: str, expected: bool) -> None:
    assert expected == wants_openmetrics(accept)


def test_the_delay_of_the_loop() -> None:
    assert 0 <= asyncio.run(loop_delay_seconds()) < 60
