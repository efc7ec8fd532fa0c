"""The named schemas: what the things look like that several endpoints tell of."""

from vigild.core.access import Role
from vigild.core.states import ProcessState
from vigild.fronts.api.schema import (
    Schema,
    anything,
    boolean,
    integer,
    list_of,
    map_of,
    maybe,
    number,
    record,
    ref,
    text,
)

_STATE = text("Supervisor's name of the state", enum=[state.name for state in ProcessState])
_TIME = "in seconds since the epoch; 0 for never"

PROCESS = record(
    "One process, with everything that is known of it.",
    name=text("What it is called everywhere: NAME, or GROUP:NAME"),
    group=text("Its group"),
    process=text("Its name in the group"),
    kind=text("What its section is", enum=["program", "eventlistener", "fcgi-program"]),
    state=_STATE,
    wanted=text("What people, or the configuration, want of it", enum=["up", "down"]),
    pid=integer("0 while there is none"),
    started_at=number(f"When it was last started, {_TIME}"),
    stopped_at=number(f"When it last ended, {_TIME}"),
    uptime_seconds=number("How long it has been running; 0 where it is not RUNNING"),
    starts=integer("How often this daemon has begun to start it"),
    restarts=integer("How often it was restarted by itself since this daemon began"),
    recent_restarts=integer("Automatic restarts within the window of flapping"),
    flapping=boolean("Does it end again and again?"),
    restart_at=number(f"When a delayed restart is due, {_TIME}"),
    tries=integer("Failed starts in a row"),
    exit_status=maybe(integer("Of its last run; null where there is none, or nobody knows")),
    exit_signal=maybe(text("The signal that killed its last run, such as SIGKILL")),
    error=text("Why it could not be started, or is not expected to have ended; may be empty"),
    ready=boolean("RUNNING, and ready where readiness is asked for"),
    health={"oneOf": [ref("Health"), {"type": "null"}], "description": "null without a healthcheck"},
    waiting_for=list_of(
        record(
            name=text("What it depends on"),
            condition=text("started, running, ready, healthy or completed"),
            trouble=text("Why that may never be; empty where it may come by itself"),
        ),
        "What keeps it from being started",
    ),
    schedule={"oneOf": [ref("Schedule"), {"type": "null"}], "description": "null without a schedule"},
    status_text=text("What it says of itself by sd_notify (STATUS)"),
    description=text(
        "Further remarks for people, as `supervisorctl status` shows them, without pid and uptime"
    ),
    left_behind=list_of(record(pid=integer(), name=text()), "What lives of what it left behind"),
    adopted=boolean("Did another daemon, or another image of this one, start what runs?"),
    spawn_id=text("VIGIL_SPAWN_ID of all that descends from it"),
    autostart=boolean("Is it started by itself?"),
    priority=integer("Its priority in its group"),
    stdout_log=maybe(text("The log file of its stdout")),
    stderr_log=maybe(text("The log file of its stderr")),
    output_bytes=map_of(integer(), "What this daemon has read of its output, by stream"),
    usage={
        "oneOf": [ref("Usage"), {"type": "null"}],
        "description": "What it uses of the machine; null while nobody looked at this run",
    },
)

HEALTH = record(
    "What its healthcheck says.",
    state=text("", enum=["healthy", "unhealthy", "unknown"]),
    since=number(f"Since when, {_TIME}"),
    failures=integer("Failed checks in a row"),
    answer=text("The last answer, in words"),
    latency_ms=number("How long the last check took"),
)

USAGE = record(
    "What a process and all that descends from it use of the machine. null where the machine does not tell.",
    at=number("When that was looked at"),
    cpu_percent=number("Of one core: 200 is two of them"),
    cpu_seconds=number("Processor time since it was started"),
    rss_bytes=integer("Shared pages count once for each process that has them"),
    pss_bytes=maybe(integer("Shared pages are shared out")),
    swap_bytes=maybe(integer()),
    threads=integer(),
    processes=integer("How many it is with its descendants"),
    open_files=maybe(integer()),
    read_bytes=maybe(integer("From storage, by those who live")),
    write_bytes=maybe(integer()),
    read_bytes_per_second=maybe(number("From storage")),
    write_bytes_per_second=maybe(number()),
)

SCHEDULE = record(
    "When it is started, and what became of its last run.",
    expression=text("Five fields as in cron, or a word such as @daily"),
    timezone=text("The time zone of the expression; empty for the machine's"),
    next_at=number(f"When the next run begins, {_TIME}"),
    last_start_at=number(f"When the last run began, {_TIME}"),
    last_end_at=number(f"When the last run ended, {_TIME} while it goes on, too"),
    outcome=text(
        "How the last run ended; empty while there is none", enum=["", "succeeded", "failed", "stopped"]
    ),
    outcome_text=text("The same in words, such as `exit status 3`"),
    queued=boolean("Does another run begin as soon as this one has ended?"),
    paused=boolean("Has somebody paused it, so that nothing is started?"),
)

GROUP = record(
    "One group.",
    name=text(),
    kind=text("", enum=["program", "eventlistener", "fcgi-program"]),
    priority=integer(),
    processes=list_of(text(), "Names of its processes, by priority"),
    states=map_of(integer(), "How many of them are in which state"),
    events_waiting=integer("Of an event listener: events in its buffer"),
    events_dropped=integer("Of an event listener: events that found its buffer full"),
)

OUTCOME = record(
    "What came of an order for one name.",
    name=text(),
    ok=boolean(),
    code=maybe(text("The code of the problem where it is not ok, such as not_running")),
    detail=text(),
)

OPERATION = record(
    "An order, and what has come of it so far.",
    id=text("To ask for it"),
    action=text("start, stop, restart, signal, clear_logs or update"),
    names=list_of(text(), "Of processes; for update, of groups"),
    state=text(
        "running; done: every outcome is ok; failed: some is not; cancelled",
        enum=["running", "done", "failed", "cancelled"],
    ),
    by=text("Who ordered it"),
    started_at=number("In seconds since the epoch"),
    finished_at=number("In seconds since the epoch; 0 while it is running"),
    total=integer("How many names"),
    outcomes=list_of(ref("Outcome"), "Of those that are done with"),
    error=maybe(text("What ended the whole of it")),
)

FACT = record(
    "One fact of the history.",
    optional={
        "stdout": list_of(text(), "The last lines before it, where they were asked for"),
        "stderr": list_of(text(), "The same of stderr"),
    },
    id=integer(),
    at=number("In seconds since the epoch"),
    kind=text("state, exit, spawn_failed, flapping, unseen, order, daemon, lost, …"),
    name=text("The process; empty for the daemon"),
    details=map_of(anything(), "See docs/how-to/history.md"),
)

LOG_PART = record(
    "A part of a log.",
    text=text("What stands there; bytes that are not UTF-8 as U+FFFD"),
    offset=integer("Where the part begins, in bytes"),
    next_offset=integer("Where it ends"),
    size=integer("How long the log is now"),
    file=text("Changes when the log is rotated"),
)

PROBLEM = record(
    "What went wrong (RFC 9457).",
    type=text("Where this sort of problem is described"),
    title=text("The sort of problem, in words"),
    status=integer("The status of the answer"),
    code=text("The sort of problem, in a word that does not change"),
    detail=text("What went wrong this time"),
)

ALERT = record(
    "How one [alert:x] stands.",
    name=text(),
    waiting=integer("Messages that wait to be delivered"),
    held=integer("Troubles that are not told yet because of quiet hours, or of `max_per_hour`"),
    held_until=number("When the next of these is told, in seconds since the epoch; 0: there are none"),
    held_for=text("Why they wait: `quiet hours` or `the limit of messages`"),
    delivered=integer("Messages that were delivered since the deliverer began"),
    failing_since=number("Since when messages cannot be delivered, in seconds since the epoch; 0: they can"),
    error=text("Why they cannot"),
    refused=text("Why the last message that the receiver refused was refused"),
    trouble=text("Why there is no deliverer now"),
    unkept=integer("Of all alerts: troubles that the deliverer has not taken yet"),
    lost=integer("Of all alerts: troubles that nobody will hear of"),
)

MONITOR = record(
    "One [monitor:x].",
    name=text(),
    type=text("What is looked at: system, filesystem, host, process, …"),
    state=text(
        "failed: a rule of it holds; unknown: nobody can know; paused: somebody said so",
        enum=["unknown", "passed", "failed", "paused"],
    ),
    since=number("Since when, in seconds since the epoch"),
    read_at=number("When it was last looked at; 0 for never"),
    values=map_of(anything("A number, a text, true or false"), "What was seen last, by metric"),
    error=text("What went wrong with looking"),
    unknown_because=text("Why nobody can know; empty where that is known"),
    held_because=text("Why it is not judged now, though it could be; empty where it is"),
    text=text("What is wrong, in words"),
    cycles=integer("How often it was looked at"),
    interval_seconds=number("How often it is looked at"),
    rules=list_of(text(), "Its rules, by name"),
    raised=list_of(text(), "Those that hold now"),
    trouble=text("What those say"),
)

FORWARD = record(
    "How one [forward:x] stands. Counts are since the daemon began.",
    name=text(),
    url=text("Without its secrets; empty until a forwarder has said what it is"),
    programs=list_of(text(), "Patterns of the programs that it is for"),
    channels=list_of(text(), "stdout, stderr"),
    streams=integer("That are open now and go to it"),
    is_running=boolean("Is there a forwarder now?"),
    trouble=text("Why there is none"),
    waiting_lines=integer("In its buffer"),
    waiting_bytes=integer(),
    sent_lines=integer("That the receiver has taken"),
    sent_bytes=integer(),
    sent_batches=integer(),
    dropped_lines=integer("The oldest, because the buffer was full, or the forwarder died with them"),
    dropped_bytes=integer(),
    refused_lines=integer("The receiver said no for good"),
    unsent_bytes=integer("Dropped by the daemon, because the forwarder was behind"),
    failing_since=number(f"Since when lines cannot be delivered, {_TIME}"),
    error=text("Why they cannot"),
)

TOKEN = record(
    "An API token, without what is secret. Times are in seconds since the epoch.",
    id=text("To revoke it"),
    name=text("What it is for"),
    role=text("", enum=[role.word for role in Role]),
    programs=list_of(text(), "Patterns of the only programs that it is for; none: all"),
    created_at=number(),
    created_by=text("Who made it"),
    expires_at=number("0 for never"),
    expired=boolean(),
    last_used_at=number("0 for never; what is on disk may be a minute old"),
)

SHAPES: dict[str, Schema] = {
    "Process": PROCESS,
    "Health": HEALTH,
    "Usage": USAGE,
    "Schedule": SCHEDULE,
    "Group": GROUP,
    "Outcome": OUTCOME,
    "Operation": OPERATION,
    "Alert": ALERT,
    "Monitor": MONITOR,
    "Forward": FORWARD,
    "Token": TOKEN,
    "Fact": FACT,
    "LogPart": LOG_PART,
    "Problem": PROBLEM,
}
