"""From what control tells to samples of the metrics of the table."""

import asyncio
import os
import resource
from collections.abc import Callable
from typing import Any

from vigild.control.facade import Control
from vigild.core.states import ProcessState
from vigild.fronts.metrics.exposition import Samples, labels
from vigild.fronts.metrics.table import (
    ALERTS,
    DAEMON,
    FORWARDS,
    LISTENERS,
    MACHINE,
    METRICS,
    MONITORS,
    PROCESS,
    PROCESSES,
    Metric,
)

_BY_NAME = {metric.name: metric for metric in METRICS}
SLICE = 40  # processes in one turn of the loop: a millisecond or two
_PAGE_BYTES = resource.getpagesize()

# By metric: its value of one process, None for no sample. `usage` and `health` are None where nobody looks.
_OF_PROCESS: dict[str, Callable[[Any], float | None]] = {
    "vigil_process_up": lambda view: view["state"] == "RUNNING",
    "vigil_process_wanted": lambda view: view["wanted"] == "up",
    "vigil_process_ready": lambda view: view["ready"],
    "vigil_process_flapping": lambda view: view["flapping"],
    "vigil_process_waiting": lambda view: bool(view["waiting_for"]),
    "vigil_process_start_time_seconds": lambda view: view["started_at"] or None,
    "vigil_process_uptime_seconds": lambda view: view["uptime_seconds"],
    "vigil_process_starts_total": lambda view: view["starts"],
    "vigil_process_restarts_total": lambda view: view["restarts"],
    "vigil_process_failed_starts": lambda view: view["tries"],
    "vigil_process_last_exit_status": lambda view: view["exit_status"],
    "vigil_process_left_behind": lambda view: len(view["left_behind"]),
}
_OF_HEALTH: dict[str, Callable[[Any], float | None]] = {
    "vigil_process_healthy": lambda health: (
        None if health["state"] == "unknown" else health["state"] == "healthy"
    ),
    "vigil_process_health_failures": lambda health: health["failures"],
    "vigil_process_health_check_duration_seconds": lambda health: health["latency_ms"] / 1000,
}
_OF_SCHEDULE: dict[str, Callable[[Any], float | None]] = {
    "vigil_process_next_run_time_seconds": lambda schedule: schedule["next_at"] or None,
    "vigil_process_last_run_start_time_seconds": lambda schedule: schedule["last_start_at"] or None,
    "vigil_process_last_run_failed": lambda schedule: (
        schedule["outcome"] == "failed" if schedule["outcome"] in ("failed", "succeeded") else None
    ),
    "vigil_process_schedule_paused": lambda schedule: schedule["paused"],
}
_OF_USAGE = {
    "vigil_process_cpu_seconds_total": "cpu_seconds",
    "vigil_process_resident_memory_bytes": "rss_bytes",
    "vigil_process_proportional_memory_bytes": "pss_bytes",
    "vigil_process_swap_bytes": "swap_bytes",
    "vigil_process_threads": "threads",
    "vigil_process_tree_size": "processes",
    "vigil_process_open_fds": "open_files",
    "vigil_process_read_bytes_total": "read_bytes",
    "vigil_process_written_bytes_total": "write_bytes",
}
_REFUSALS = (
    "connections_refused",
    "connections_evicted",
    "malformed",
    "headers_too_large",
    "header_timeouts",
    "bodies_too_large",
    "body_timeouts",
    "idle_timeouts",
    "stalled_readers",
    "unauthorized",
)


async def collect(control: Control, loop_delay_seconds: float) -> dict[Metric, Samples]:
    """Samples of every metric that there is something to say about, in the order of the table.

    Others have their turn between some processes and the next.
    """
    states = dict.fromkeys((state.name for state in ProcessState), 0)
    processes: dict[str, Samples] = {metric.name: [] for metric in PROCESSES}
    for views in control.views.in_slices(SLICE):
        add_processes(processes, views)
        for view in views:
            states[str(view["state"])] += 1
        await asyncio.sleep(0)
    return {
        **_of_daemon(control, states, loop_delay_seconds),
        **_of_machine(control),
        **_of_listeners(control),
        **{metric: processes[metric.name] for metric in PROCESSES},
        **_of_alerts(control),
        **_of_monitors(control),
        **_of_forwards(control),
    }


def _of_daemon(control: Control, states: dict[str, int], loop_delay_seconds: float) -> dict[Metric, Samples]:
    facts, vitals = control.daemon.facts(), control.daemon.vitals()
    http: Any = vitals["http"]
    cpu = os.times()
    who = (facts["version"], facts["python"], control.daemon.identification())
    plain: dict[str, Any] = {
        "vigil_daemon_running": control.daemon.state()[1] == "RUNNING",
        "vigil_daemon_start_time_seconds": facts["started"],
        "vigil_daemon_upgrades": facts["generation"],
        "vigil_daemon_survives": facts["survives"],
        "vigil_daemon_cpu_seconds_total": round(cpu.user + cpu.system, 3),
        "vigil_daemon_resident_memory_bytes": _resident_bytes(),
        "vigil_daemon_open_fds": _open_files(),
        "vigil_daemon_max_fds": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "vigil_daemon_loop_delay_seconds": round(loop_delay_seconds, 6),
        "vigil_journal_failures_total": vitals["journal_failures"],
        "vigil_history_waiting": vitals["history_waiting"],
        "vigil_history_lost_total": vitals["history_lost"],
        "vigil_output_lost_bytes_total": vitals["output_lost_bytes"],
        "vigil_event_stream_clients": control.live.watchers,
        "vigil_event_stream_dropped_total": control.live.dropped,
        "vigil_operations_running": control.operations.running,
        "vigil_http_open_connections": vitals["http_open"],
        "vigil_http_requests_total": http.get("requests", 0),
        "vigil_http_connections_total": http.get("connections", 0),
        "vigil_http_handler_errors_total": http.get("handler_errors", 0),
    }
    several: dict[str, Samples] = {
        "vigil_info": [(labels(("version", "python", "identifier"), who), 1)],
        "vigil_http_refused_total": [(labels(("reason",), (name,)), http.get(name, 0)) for name in _REFUSALS],
        "vigil_processes": [(labels(("state",), (state,)), count) for state, count in states.items()],
    }
    return {
        metric: several[metric.name] if metric.name in several else _one(plain[metric.name])
        for metric in DAEMON
    }


def _of_machine(control: Control) -> dict[Metric, Samples]:
    facts: dict[str, Any] = dict(control.samples.latest_of_machine())
    cpu = facts.get("cpu_percent")
    facts["cpu_ratio"] = None if cpu is None else round(cpu / 100, 4)
    return {metric: _one(facts.get(metric.name.removeprefix("vigil_machine_"))) for metric in MACHINE}


def _one(value: float | None) -> Samples:
    return [] if value is None else [("", value)]


def _of_listeners(control: Control) -> dict[Metric, Samples]:
    waiting, dropped = LISTENERS
    pools = [group for group in control.views.groups() if group["kind"] == "eventlistener"]
    return {
        waiting: [(labels(("group",), (pool["name"],)), _number(pool["events_waiting"])) for pool in pools],
        dropped: [(labels(("group",), (pool["name"],)), _number(pool["events_dropped"])) for pool in pools],
    }


def add_processes(samples: dict[str, Samples], views: list[Any]) -> None:
    """Add what these processes say, by metric; `views` as `control.views` gives them."""
    for view in views:
        of = labels(PROCESS, (view["group"], view["process"]))
        for name, value_of in _OF_PROCESS.items():
            value = value_of(view)
            if value is not None:
                samples[name].append((of, value))
        within = of[:-1]
        samples["vigil_process_state"].append((f'{within},state="{view["state"]}"}}', 1))
        if view["exit_signal"]:
            samples["vigil_process_last_exit_signal"].append(
                (f'{within},signal="{view["exit_signal"]}"}}', 1)
            )
        for stream, count in view["output_bytes"].items():
            samples["vigil_process_output_bytes_total"].append((f'{within},stream="{stream}"}}', count))
        for values, of_part in (("health", _OF_HEALTH), ("schedule", _OF_SCHEDULE)):
            if view[values] is not None:
                for name, value_of in of_part.items():
                    value = value_of(view[values])
                    if value is not None:
                        samples[name].append((of, value))
        if view["usage"] is not None:
            for name, key in _OF_USAGE.items():
                if view["usage"][key] is not None:
                    samples[name].append((of, view["usage"][key]))


def _of_alerts(control: Control) -> dict[Metric, Samples]:
    waiting, delivered, failing, lost = ALERTS
    alerts = control.alerts.list()

    def each(value_of: Callable[[Any], float]) -> Samples:
        return [(labels(("alert",), (alert["name"],)), value_of(alert)) for alert in alerts]

    return {
        waiting: each(lambda alert: alert["waiting"]),
        delivered: each(lambda alert: alert["delivered"]),
        failing: each(lambda alert: alert["failing_since"] > 0),
        lost: [("", _number(alerts[0]["lost"]))] if alerts else [],
    }


def _of_monitors(control: Control) -> dict[Metric, Samples]:
    state, raised, read, value = MONITORS
    found: dict[Metric, Samples] = {metric: [] for metric in MONITORS}
    monitors: list[Any] = control.monitors.all()
    for monitor in monitors:
        who = (monitor["name"], monitor["type"])
        found[state].append((labels(state.labels, (*who, monitor["state"])), 1))
        found[raised].append((labels(raised.labels, who), len(monitor["raised"])))
        if monitor["read_at"]:
            found[read].append((labels(read.labels, who), monitor["read_at"]))
        for name, seen in monitor["values"].items():
            if isinstance(seen, bool | int | float):
                found[value].append((labels(value.labels, (*who, name)), seen))
    return found


def _of_forwards(control: Control) -> dict[Metric, Samples]:
    found: dict[Metric, Samples] = {metric: [] for metric in FORWARDS}
    for info in control.forwards.status():
        facts = info.facts() | {"running": info.is_running, "failing": info.failing_since > 0}
        of = labels(("forward",), (info.name,))
        for metric in FORWARDS:
            name = metric.name.removeprefix("vigil_forward_").removesuffix("_total")
            found[metric].append((of, _number(facts[name])))
    return found


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0


def _resident_bytes() -> int | None:
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return None


def _open_files() -> int | None:
    try:
        return len(os.listdir("/proc/self/fd")) - 1
    except OSError:
        return None


def known(name: str) -> bool:
    """Is there a metric of that name?"""
    return name in _BY_NAME
