"""What clients are told of a process and of its configuration: keys, types and texts are Supervisor's."""

import math
from typing import TYPE_CHECKING

from vigild.config.model import AUTO, GroupConfig, ProcessConfig, StreamConfig
from vigild.control.facade import ConfigInfo, Facts, Info
from vigild.core.process import Policy
from vigild.core.restarts import FOR_EVER
from vigild.core.states import ProcessState
from vigild.engine.managed import ManagedProcess

if TYPE_CHECKING:
    from vigild.core.health import Health
    from vigild.core.samples import Sample
    from vigild.engine.watching import Watch

MAX_XMLRPC_INT = 2**31 - 1


def capped(value: float) -> int:
    """A number that fits XML-RPC's 32-bit integer."""
    return max(-(2**31), min(int(value), MAX_XMLRPC_INT))


def describe(process: ManagedProcess, now_wall: float) -> str:
    """The words that `status` shows behind the state: Supervisor's, and after them what only Vigil knows."""
    if process.process.waiting:
        return "waiting for " + (", ".join(map(str, process.waiting_for)) or "its turn")
    return _supervisors_words(process, now_wall) + _own_words(process)


def remarks(process: ManagedProcess, now_wall: float) -> str:
    """The same for those who show pid and uptime by themselves: what else there is to say, or nothing."""
    if process.state is not ProcessState.RUNNING:
        return describe(process, now_wall)
    return _own_words(process).lstrip("; ,")


def _own_words(process: ManagedProcess) -> str:
    words = _words_on_restarts(process)
    if process.watch is not None:
        words += _words_of_watch(process, process.watch)
    if process.job is not None and process.stopped:
        next_at = process.job.next_at
        never = "schedule paused" if process.job.state.paused else "never again"
        words += f", next {_moment(next_at)}" if next_at is not None else f", {never}"
    left, hint = process.leftovers
    if not left:
        return words
    from vigild.engine.leftovers import leftovers_words

    return f"{words}; {leftovers_words(left, hint)}"


def _words_of_watch(process: ManagedProcess, watch: "Watch") -> str:
    """What it was asked, or said. Begins with `; ` where something stands before it."""
    words: list[str] = []
    state = process.state
    if state is ProcessState.STARTING and process.policy.readiness and process.process.pid:
        words.append(
            f"waiting for {process.policy.readiness}" + (f": {watch.answer}" if watch.answer else "")
        )
    elif state is ProcessState.RUNNING:
        if process.process.condemned:
            words.append("being restarted")
        elif watch.is_reloading:
            words.append("reloading")
        elif process.policy.readiness:
            words.append("ready")
        if watch.health is not None:
            words.append(_health_words(watch.health))
    if process.process.pid and watch.is_stopping:
        words.append("says it is stopping")
    if process.process.pid and watch.notice:
        words.append(f'"{watch.notice}"')
    text = "; ".join(words)
    return f"; {text}" if text and state is ProcessState.RUNNING else text


def _health_words(health: "Health") -> str:
    from vigild.core.health import Verdict  # late: most programs are not asked

    match health.verdict:
        case Verdict.UNKNOWN if health.answer:
            return f"health unknown: {health.answer}"
        case Verdict.UNKNOWN:
            return "health unknown"
        case Verdict.HEALTHY if health.failures:
            return f"healthy, {health.failures} failed: {health.answer}"
        case Verdict.HEALTHY:
            return f"healthy, {health.seconds * 1000:.0f} ms"
        case _:
            return f"unhealthy: {health.answer} since {_moment(health.since)}"


def _words_on_restarts(process: ManagedProcess) -> str:
    # A process that neither flaps nor waits as an option of Vigil's has it is described as Supervisor does.
    machine = process.process
    if not machine.flapping and not machine.restart_at:
        return ""
    flaps = " (flapping)" if machine.flapping else ""
    match machine.state:
        case ProcessState.RUNNING:
            return flaps
        case ProcessState.EXITED | ProcessState.BACKOFF:
            seconds = process.seconds_to_restart
            delayed = machine.state is ProcessState.EXITED or flaps or _delayed_by_option(process.policy)
            return f", restarting in {math.ceil(seconds)}s{flaps}" if seconds is not None and delayed else ""
        case _:
            return ""


def _delayed_by_option(policy: Policy) -> bool:
    return policy.pace.delay_seconds > 0 or policy.start_retries == FOR_EVER


def _supervisors_words(process: ManagedProcess, now_wall: float) -> str:
    machine = process.process
    match machine.state:
        case ProcessState.RUNNING:
            from datetime import timedelta

            uptime = timedelta(seconds=max(0, int(now_wall) - int(process.started_wall)))
            return f"pid {machine.pid}, uptime {uptime}"
        case ProcessState.FATAL | ProcessState.BACKOFF:
            return machine.spawn_error or f'unknown error (try "tail {process.config.name}")'
        case ProcessState.STOPPED | ProcessState.EXITED:
            if process.started_wall:
                return _moment(process.stopped_wall)
            if process.remembered_wall:
                return (
                    f"Not started: stopped by an operator on {_moment(process.remembered_wall)}, remembered"
                )
            return "Not started"
        case _:
            return ""


def _moment(wall: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(wall), UTC).astimezone().strftime("%b %d %I:%M %p")


def process_info(process: ManagedProcess, now_wall: float) -> Info:
    """One struct of `getProcessInfo`. `started_wall` and `stopped_wall` are seconds since the epoch, 0 for never."""
    machine = process.process
    stdout_logfile = process.stdout_logfile or ""
    return {
        "name": process.config.name,
        "group": process.group_name,
        "start": capped(process.started_wall),
        "stop": capped(process.stopped_wall),
        "now": capped(now_wall),
        "state": int(machine.state),
        "statename": machine.state.name,
        "spawnerr": machine.spawn_error,
        "exitstatus": machine.exit_status or 0,
        "logfile": stdout_logfile,
        "stdout_logfile": stdout_logfile,
        "stderr_logfile": process.stderr_logfile or "",
        "pid": machine.pid,
        "description": describe(process, now_wall),
    }


def process_facts(process: ManagedProcess, now_wall: float, sample: "Sample | None" = None) -> Facts:
    """`process_info`, and what Supervisor has no word for. One struct of `vigil.getProcessInfo`."""
    machine = process.process
    facts: Facts = dict(process_info(process, now_wall))
    facts["wanted"] = machine.wanted.value
    facts["exit_known"] = machine.exit_status is not None
    facts["adopted"] = process.is_adopted and machine.pid != 0
    facts["spawn_id"] = process.spawn_id
    facts["flapping"] = machine.flapping
    facts["restarts"] = len(machine.restarts)
    facts["restart_count"] = process.restart_count
    facts["waiting_for"] = [
        {"name": unmet.name, "condition": unmet.condition.value, "trouble": unmet.trouble}
        for unmet in process.waiting_for
    ]
    facts["ready"] = process.is_ready
    watch = process.watch
    health = watch.health if watch is not None else None
    facts["health"] = health.verdict.value if health is not None else ""
    facts["health_since"] = capped(health.since) if health is not None else 0
    facts["health_failures"] = health.failures if health is not None else 0
    facts["health_answer"] = health.answer if health is not None else ""
    facts["health_latency_ms"] = round(health.seconds * 1000, 3) if health is not None else 0.0
    facts["status_text"] = watch.notice if watch is not None else ""
    if sample is not None:
        from vigild.control.samples import sample_facts  # late: it needs none while nobody wants samples

        facts.update(sample_facts(sample))
    job = process.job
    facts["schedule"] = process.config.schedule
    facts["schedule_timezone"] = process.config.schedule_timezone
    facts["schedule_next"] = capped(job.next_at or 0) if job is not None else 0
    facts["schedule_paused"] = job is not None and job.state.paused
    facts["schedule_last_start"] = capped(job.state.began) if job is not None else 0
    facts["schedule_last_end"] = capped(job.state.ended) if job is not None else 0
    facts["schedule_outcome"] = job.state.outcome.value if job is not None else ""
    facts["schedule_outcome_text"] = job.state.text if job is not None else ""
    facts["left_behind"] = [{"pid": seen.pid, "name": seen.name} for seen in process.leftovers[0]]
    return facts


def config_info(
    config: ProcessConfig, group: GroupConfig, running: ManagedProcess | None, *, in_use: bool
) -> ConfigInfo:
    """One struct of `getAllConfigInfo`. XML-RPC has no null: None is the word `none`, AUTO is `auto`."""

    def logfile(stream: StreamConfig, actual: str | None) -> str | None:
        if stream.logfile is AUTO:
            return actual or "auto"
        return stream.logfile if isinstance(stream.logfile, str) else None

    stdout_logfile = logfile(config.stdout, running.stdout_logfile if running else None)
    stderr_logfile = logfile(config.stderr, running.stderr_logfile if running else None)
    if config.redirect_stderr:
        stderr_logfile = None
    info: dict[str, object] = {
        "autostart": config.autostart,
        "directory": config.directory,
        "uid": config.uid,
        "command": config.command,
        "exitcodes": list(config.exit_codes),
        "group": group.name,
        "group_prio": group.priority,
        "inuse": in_use,
        "killasgroup": config.kill_as_group,
        "name": config.name,
        "process_prio": config.priority,
        "redirect_stderr": config.redirect_stderr,
        "startretries": config.start_retries,
        "startsecs": config.start_seconds,
        "stdout_capture_maxbytes": config.stdout.capture_max_bytes,
        "stdout_events_enabled": config.stdout.events_enabled,
        "stdout_logfile": stdout_logfile,
        "stdout_logfile_backups": config.stdout.logfile_backups,
        "stdout_logfile_maxbytes": config.stdout.logfile_max_bytes,
        "stdout_syslog": config.stdout.syslog,
        "stopsignal": config.stop_signal,
        "stopwaitsecs": config.stop_wait_seconds,
        "stderr_capture_maxbytes": config.stderr.capture_max_bytes,
        "stderr_events_enabled": config.stderr.events_enabled,
        "stderr_logfile": stderr_logfile,
        "stderr_logfile_backups": config.stderr.logfile_backups,
        "stderr_logfile_maxbytes": config.stderr.logfile_max_bytes,
        "stderr_syslog": config.stderr.syslog,
        "serverurl": config.server_url,
    }
    return {key: "none" if value is None else value for key, value in info.items()}
