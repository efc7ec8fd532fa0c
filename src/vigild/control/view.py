"""What the JSON API tells of processes and groups: the model's words as plain values, one dictionary each."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from vigild.control.facade import Facts
from vigild.control.info import remarks
from vigild.control.lookup import find_group, find_process, those_within
from vigild.core.states import ProcessState
from vigild.engine.engine import Engine, Group
from vigild.engine.managed import ManagedProcess
from vigild.engine.words import signal_name

if TYPE_CHECKING:
    from vigild.core.health import Health
    from vigild.core.samples import Sample
    from vigild.engine.scheduling import Job

SLICE = 50  # views that are made in one go, where others wait


def process_view(process: ManagedProcess, now_wall: float, sample: "Sample | None" = None) -> Facts:
    """Everything that is known of one process now. Times are seconds since the epoch, 0 for never."""
    machine, config, watch = process.process, process.config, process.watch
    is_up = machine.state is ProcessState.RUNNING
    status, signal = _end_of(process)
    to_restart = process.seconds_to_restart if machine.restart_at else None
    return {
        "name": process.namespec,
        "group": process.group_name,
        "process": config.name,
        "kind": config.kind.value,
        "state": machine.state.name,
        "wanted": machine.wanted.value,
        "pid": machine.pid,
        "started_at": process.started_wall,
        "stopped_at": process.stopped_wall,
        "uptime_seconds": round(max(0.0, now_wall - process.started_wall), 3) if is_up else 0,
        "starts": process.starts,
        "restarts": process.restart_count,
        "recent_restarts": len(machine.restarts),
        "flapping": machine.flapping,
        "restart_at": round(now_wall + to_restart, 3) if to_restart is not None else 0,
        "tries": machine.tries,
        "exit_status": status,
        "exit_signal": signal,
        "error": machine.spawn_error,
        "ready": process.is_ready,
        "health": _health_view(watch.health) if watch is not None and watch.health is not None else None,
        "waiting_for": [
            {"name": unmet.name, "condition": unmet.condition.value, "trouble": unmet.trouble}
            for unmet in (process.waiting_for if machine.waiting else ())
        ],
        "schedule": _schedule_view(process.job) if process.job is not None else None,
        "status_text": watch.notice if watch is not None else "",
        "description": remarks(process, now_wall),
        "left_behind": [{"pid": seen.pid, "name": seen.name} for seen in process.leftovers[0]],
        "adopted": process.is_adopted and machine.pid != 0,
        "spawn_id": process.spawn_id,
        "autostart": config.autostart,
        "priority": config.priority,
        "stdout_log": process.stdout_logfile,
        "stderr_log": process.stderr_logfile,
        "output_bytes": {plan.channel: plan.read_bytes for plan in process.plans},
        "usage": usage_view(sample) if sample is not None else None,
    }


def usage_view(sample: "Sample") -> Facts:
    """What its whole tree used of the machine when that was last looked at."""
    return {
        "at": round(sample.at, 3),
        "cpu_percent": sample.cpu_percent,
        "cpu_seconds": sample.cpu_seconds,
        "rss_bytes": sample.rss_bytes,
        "pss_bytes": sample.pss_bytes,
        "swap_bytes": sample.swap_bytes,
        "threads": sample.threads,
        "processes": sample.processes,
        "open_files": sample.open_files,
        "read_bytes": sample.read_bytes,
        "write_bytes": sample.write_bytes,
        "read_bytes_per_second": sample.read_bytes_per_second,
        "write_bytes_per_second": sample.write_bytes_per_second,
    }


def _end_of(process: ManagedProcess) -> tuple[int | None, str | None]:
    """The exit status and the signal of its last run, of which at most one is known."""
    status = process.wait_status
    if status is not None and os.WIFSIGNALED(status):
        return None, signal_name(os.WTERMSIG(status))
    known = process.process.exit_status
    return (known if known is not None and known >= 0 else None), None


def _health_view(health: "Health") -> Facts:
    return {
        "state": health.verdict.value,
        "since": health.since,
        "failures": health.failures,
        "answer": health.answer,
        "latency_ms": round(health.seconds * 1000, 3),
    }


def _schedule_view(job: "Job") -> Facts:
    config, state = job.process.config, job.state
    return {
        "expression": config.schedule,
        "timezone": config.schedule_timezone,
        "next_at": job.next_at or 0,
        "last_start_at": state.began,
        "last_end_at": state.ended,
        "outcome": state.outcome.value,
        "outcome_text": state.text,
        "queued": state.pending,
        "paused": state.paused,
    }


def group_view(group: Group) -> Facts:
    """One group: what it is, and how many of its processes are in each state."""
    states: dict[str, int] = {}
    for process in group.processes.values():
        states[process.state.name] = states.get(process.state.name, 0) + 1
    return {
        "name": group.config.name,
        "kind": group.config.kind.value,
        "priority": group.config.priority,
        "processes": [process.namespec for process in group.by_priority],
        "states": states,
        "events_waiting": len(group.pool.pool.buffer) if group.pool is not None else 0,
        "events_dropped": group.pool.pool.dropped if group.pool is not None else 0,
    }


class Views:
    """See `control.facade.ViewControl`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def processes(self) -> list[Facts]:
        """All processes that who asks has to do with, by names of group and process."""
        return [view for some in self.in_slices(SLICE) for view in some]

    def in_slices(self, count: int) -> Iterator[list[Facts]]:
        """The same, so many at a time. Each is made when it is asked for, so that others can have their turn in between."""
        groups, latest = self._engine.groups, self._engine.latest_sample
        found = those_within(
            groups[group].processes[name]
            for group in sorted(groups)
            for name in sorted(groups[group].processes)
        )
        for first in range(0, len(found), count):
            now = self._engine.ports.clock.wall()
            yield [process_view(process, now, latest(process)) for process in found[first : first + count]]

    def process(self, name: str) -> Facts:
        """One of them. BAD_NAME."""
        process = find_process(self._engine, name)
        return process_view(process, self._engine.ports.clock.wall(), self._engine.latest_sample(process))

    def groups(self) -> list[Facts]:
        """All groups, by name."""
        groups = self._engine.groups
        return [group_view(groups[name]) for name in sorted(groups)]

    def group(self, name: str) -> Facts:
        """One group. BAD_NAME."""
        return group_view(find_group(self._engine, name))

    def tree(self, name: str) -> list[Facts]:
        """Every process of the machine that descends from it, itself included, oldest first. BAD_NAME."""
        process = find_process(self._engine, name)
        return [
            {"pid": seen.pid, "parent_pid": seen.ppid, "process_group": seen.pgid, "name": seen.name}
            for seen in process.descendants()
        ]

    def watch(self, who: str, interval_seconds: float, for_seconds: float) -> None:
        """For so long, look as often as this at what programs use."""
        self._engine.sampling.want(who, interval_seconds, for_seconds)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._engine.ports.clock.wall()
