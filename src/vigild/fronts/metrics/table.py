"""The table of metrics: names by Prometheus' conventions (base units, `_total` for what only grows), and where they come from.

The pages about them and the checks of dashboard and alert rules are made from it.
"""

from vigild.core.frozen import frozen

PROCESS = ("group", "process")


@frozen
class Metric:
    """One metric. `kind`: gauge, counter or info; `unit` as OpenMetrics wants it; `labels` in the order of values."""

    name: str
    kind: str
    words: str
    labels: tuple[str, ...] = ()
    unit: str = ""


DAEMON = (
    Metric("vigil_info", "info", "Version of Vigil and of Python.", ("version", "python", "identifier")),
    Metric("vigil_daemon_running", "gauge", "1 while the daemon is RUNNING, 0 while it ends or restarts."),
    Metric(
        "vigil_daemon_start_time_seconds", "gauge", "When the daemon began, since the epoch.", unit="seconds"
    ),
    Metric("vigil_daemon_upgrades", "gauge", "How often the daemon was upgraded in place."),
    Metric(
        "vigil_daemon_survives", "gauge", "1 where a crash of the daemon leaves programs and output unharmed."
    ),
    Metric("vigil_daemon_cpu_seconds_total", "counter", "Processor time of the daemon.", unit="seconds"),
    Metric("vigil_daemon_resident_memory_bytes", "gauge", "Memory of the daemon.", unit="bytes"),
    Metric("vigil_daemon_open_fds", "gauge", "Open files of the daemon."),
    Metric("vigil_daemon_max_fds", "gauge", "How many files the daemon may have open."),
    Metric(
        "vigil_daemon_loop_delay_seconds",
        "gauge",
        "How late the daemon's loop comes to what is due, measured now.",
        unit="seconds",
    ),
    Metric("vigil_journal_failures_total", "counter", "Writes to the journal that failed."),
    Metric("vigil_history_waiting", "gauge", "Facts that are not in the history yet."),
    Metric("vigil_history_lost_total", "counter", "Facts that could not be kept in the history."),
    Metric(
        "vigil_output_lost_bytes_total",
        "counter",
        "Output of programs that could not be written to log files that are open now.",
        unit="bytes",
    ),
    Metric("vigil_event_stream_clients", "gauge", "Clients that follow events over the JSON interface."),
    Metric(
        "vigil_event_stream_dropped_total", "counter", "Clients of events that were too slow and sent away."
    ),
    Metric("vigil_operations_running", "gauge", "Operations that are under way."),
    Metric("vigil_http_open_connections", "gauge", "Open connections of clients."),
    Metric("vigil_http_requests_total", "counter", "Requests."),
    Metric("vigil_http_connections_total", "counter", "Connections that were accepted."),
    Metric(
        "vigil_http_refused_total",
        "counter",
        "What clients were refused, by reason.",
        ("reason",),
    ),
    Metric("vigil_http_handler_errors_total", "counter", "Requests that ended in a defect of Vigil."),
    Metric("vigil_processes", "gauge", "How many processes are in each state.", ("state",)),
)

# Of the last sample, which is up to sample_interval old; none with samples=false.
MACHINE = (
    Metric(
        "vigil_machine_cpu_ratio",
        "gauge",
        "Time in which CPUs were busy, of all CPUs together: 0 to 1.",
        unit="ratio",
    ),
    Metric("vigil_machine_load1", "gauge", "Load average of the machine over 1 minute."),
    Metric("vigil_machine_load5", "gauge", "Load average of the machine over 5 minutes."),
    Metric("vigil_machine_load15", "gauge", "Load average of the machine over 15 minutes."),
    Metric("vigil_machine_memory_bytes", "gauge", "Memory in use that cannot be had at once.", unit="bytes"),
    Metric("vigil_machine_memory_total_bytes", "gauge", "Memory of the machine.", unit="bytes"),
    Metric("vigil_machine_swap_bytes", "gauge", "Swap in use.", unit="bytes"),
    Metric("vigil_machine_swap_total_bytes", "gauge", "Swap of the machine.", unit="bytes"),
)

LISTENERS = (
    Metric("vigil_listener_events_waiting", "gauge", "Events in the buffer of a listener pool.", ("group",)),
    Metric(
        "vigil_listener_events_dropped_total",
        "counter",
        "Events that found the buffer of a pool full.",
        ("group",),
    ),
)

PROCESSES = (
    Metric("vigil_process_up", "gauge", "1 while the process is RUNNING.", PROCESS),
    Metric("vigil_process_state", "gauge", "1 for the state that the process is in.", (*PROCESS, "state")),
    Metric("vigil_process_wanted", "gauge", "1 where the process is wanted up.", PROCESS),
    Metric("vigil_process_ready", "gauge", "1 while the process is RUNNING and ready.", PROCESS),
    Metric(
        "vigil_process_healthy",
        "gauge",
        "1 healthy, 0 not; only with a healthcheck that has an answer.",
        PROCESS,
    ),
    Metric("vigil_process_health_failures", "gauge", "Failed health checks in a row.", PROCESS),
    Metric(
        "vigil_process_health_check_duration_seconds",
        "gauge",
        "How long the last health check took.",
        PROCESS,
        "seconds",
    ),
    Metric("vigil_process_flapping", "gauge", "1 while the process ends again and again.", PROCESS),
    Metric("vigil_process_waiting", "gauge", "1 while the process waits for what it depends on.", PROCESS),
    Metric("vigil_process_start_time_seconds", "gauge", "When it was last started.", PROCESS, "seconds"),
    Metric("vigil_process_uptime_seconds", "gauge", "How long it has been running.", PROCESS, "seconds"),
    Metric("vigil_process_starts_total", "counter", "How often this daemon began to start it.", PROCESS),
    Metric("vigil_process_restarts_total", "counter", "How often it was restarted by itself.", PROCESS),
    Metric("vigil_process_failed_starts", "gauge", "Failed starts in a row.", PROCESS),
    Metric(
        "vigil_process_last_exit_status",
        "gauge",
        "Exit status of its last run, where that is known.",
        PROCESS,
    ),
    Metric(
        "vigil_process_last_exit_signal",
        "gauge",
        "1 for the signal that killed its last run.",
        (*PROCESS, "signal"),
    ),
    Metric(
        "vigil_process_next_run_time_seconds",
        "gauge",
        "When it is due by its schedule, since the epoch.",
        PROCESS,
        "seconds",
    ),
    Metric(
        "vigil_process_last_run_start_time_seconds",
        "gauge",
        "When its last run by schedule began, since the epoch.",
        PROCESS,
        "seconds",
    ),
    Metric("vigil_process_last_run_failed", "gauge", "1 where its last run by schedule failed.", PROCESS),
    Metric("vigil_process_schedule_paused", "gauge", "1 while somebody has paused its schedule.", PROCESS),
    Metric("vigil_process_left_behind", "gauge", "Processes that it left behind and that live.", PROCESS),
    Metric(
        "vigil_process_output_bytes_total",
        "counter",
        "What this daemon has read of its output.",
        (*PROCESS, "stream"),
        "bytes",
    ),
    Metric(
        "vigil_process_cpu_seconds_total",
        "counter",
        "Processor time of it and its descendants, since it was started.",
        PROCESS,
        "seconds",
    ),
    Metric(
        "vigil_process_resident_memory_bytes",
        "gauge",
        "Memory of it and its descendants; shared pages count for each.",
        PROCESS,
        "bytes",
    ),
    Metric(
        "vigil_process_proportional_memory_bytes",
        "gauge",
        "The same with shared pages shared out.",
        PROCESS,
        "bytes",
    ),
    Metric(
        "vigil_process_swap_bytes", "gauge", "Swapped memory of it and its descendants.", PROCESS, "bytes"
    ),
    Metric("vigil_process_threads", "gauge", "Threads of it and its descendants.", PROCESS),
    Metric("vigil_process_tree_size", "gauge", "How many processes it is with its descendants.", PROCESS),
    Metric("vigil_process_open_fds", "gauge", "Open files of it and its descendants.", PROCESS),
    Metric(
        "vigil_process_read_bytes_total",
        "counter",
        "Read from storage by it and its descendants that live.",
        PROCESS,
        "bytes",
    ),
    Metric(
        "vigil_process_written_bytes_total",
        "counter",
        "Written to storage by it and its descendants that live.",
        PROCESS,
        "bytes",
    ),
)

ALERTS = (
    Metric("vigil_alert_waiting", "gauge", "Messages that wait to be delivered.", ("alert",)),
    Metric("vigil_alert_delivered_total", "counter", "Messages that were delivered.", ("alert",)),
    Metric("vigil_alert_failing", "gauge", "1 while messages cannot be delivered.", ("alert",)),
    Metric("vigil_alert_edges_lost_total", "counter", "Troubles that nobody will hear of."),
)

MONITORS = (
    Metric(
        "vigil_monitor_state",
        "gauge",
        "1 for the state that the monitor is in.",
        ("monitor", "type", "state"),
    ),
    Metric(
        "vigil_monitor_rules_raised", "gauge", "How many rules of the monitor hold now.", ("monitor", "type")
    ),
    Metric(
        "vigil_monitor_read_time_seconds",
        "gauge",
        "When the monitor was last looked at, since the epoch.",
        ("monitor", "type"),
        "seconds",
    ),
    Metric(
        "vigil_monitor_value",
        "gauge",
        "What the monitor saw last: each of its metrics that is a number.",
        ("monitor", "type", "metric"),
    ),
)

_FORWARD = ("forward",)
FORWARDS = (
    Metric(
        "vigil_forward_running",
        "gauge",
        "1 while there is a forwarder, which sends for all forwards.",
        _FORWARD,
    ),
    Metric("vigil_forward_streams", "gauge", "Streams that are open now and go to the forward.", _FORWARD),
    Metric("vigil_forward_waiting_lines", "gauge", "Lines that wait to be delivered.", _FORWARD),
    Metric("vigil_forward_waiting_bytes", "gauge", "Bytes that wait to be delivered.", _FORWARD, "bytes"),
    Metric("vigil_forward_sent_lines_total", "counter", "Lines that the receiver has taken.", _FORWARD),
    Metric(
        "vigil_forward_sent_bytes_total", "counter", "Bytes that the receiver has taken.", _FORWARD, "bytes"
    ),
    Metric("vigil_forward_sent_batches_total", "counter", "Batches that the receiver has taken.", _FORWARD),
    Metric(
        "vigil_forward_dropped_lines_total",
        "counter",
        "Lines that were lost: the buffer was full, or the forwarder died with them.",
        _FORWARD,
    ),
    Metric(
        "vigil_forward_dropped_bytes_total",
        "counter",
        "Bytes of these lines.",
        _FORWARD,
        "bytes",
    ),
    Metric(
        "vigil_forward_refused_lines_total", "counter", "Lines that the receiver will never take.", _FORWARD
    ),
    Metric(
        "vigil_forward_unsent_bytes_total",
        "counter",
        "Bytes that the daemon dropped because the forwarder was behind.",
        _FORWARD,
        "bytes",
    ),
    Metric("vigil_forward_failing", "gauge", "1 while lines cannot be delivered.", _FORWARD),
)

METRICS: tuple[Metric, ...] = (*DAEMON, *MACHINE, *LISTENERS, *PROCESSES, *ALERTS, *MONITORS, *FORWARDS)
