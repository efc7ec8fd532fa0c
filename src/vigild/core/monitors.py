"""What `[monitor:x]` can look at: the types, what each measures, and what is told where nothing is asked for.

THE table: rules are checked against it, `docs/reference/monitors.md` is made of it, and the monitor process
(`checks/`) answers with these names. A metric that could not be had in one cycle is absent from that reading, and
a rule about it keeps what it thought.

Every type has `failed`, too: a check fails when what it looks for is not there or does not answer. Its words are the error.
"""

from enum import StrEnum

from vigild.core.frozen import frozen
from vigild.core.rules import FAILED, Metric, Unit, Verb, Vocabulary


@frozen
class MonitorType:
    """One kind of thing that is looked at. `needs`: options of which exactly one must be given; `takes`: further ones."""

    name: str
    text: str
    metrics: tuple[Metric, ...]
    default_rules: str
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()

    @property
    def vocabulary(self) -> Vocabulary:
        """What its rules may say."""
        return Vocabulary(f"a monitor of type {self.name}", (_FAILED, *self.metrics), tuple(Verb))


_PERCENT, _BYTES, _SECONDS, _NUMBER = Unit.PERCENT, Unit.BYTES, Unit.SECONDS, Unit.NUMBER
_TEXT, _BOOLEAN = Unit.TEXT, Unit.BOOLEAN
_FAILED = Metric(
    FAILED, _BOOLEAN, "whether the check failed: what is looked for is not there, or does not answer"
)
IF_FAILED = "if failed then alert"
IF_FAILED_TWICE = "if failed for 2 cycles then alert"

_SYSTEM = MonitorType(
    "system",
    "the machine as a whole",
    (
        Metric("load1", _NUMBER, "load average over 1 minute"),
        Metric("load5", _NUMBER, "load average over 5 minutes"),
        Metric("load15", _NUMBER, "load average over 15 minutes"),
        Metric("load1_per_core", _NUMBER, "`load1`, divided by the number of CPUs"),
        Metric("load5_per_core", _NUMBER, "`load5`, divided by the number of CPUs"),
        Metric("load15_per_core", _NUMBER, "`load15`, divided by the number of CPUs"),
        Metric("cpu", _PERCENT, "time that CPUs were not idle, of all CPUs together, since the last check"),
        Metric("cpu_user", _PERCENT, "time in programs, likewise"),
        Metric("cpu_system", _PERCENT, "time in the kernel, likewise"),
        Metric("cpu_iowait", _PERCENT, "time that a CPU waited for a disk, likewise"),
        Metric("cpu_steal", _PERCENT, "time that the hypervisor gave to others, likewise"),
        Metric("memory", _BYTES, "memory that is in use and cannot be had at once", "memory_percent"),
        Metric("memory_percent", _PERCENT, "`memory`, of all there is"),
        Metric("memory_available", _BYTES, "memory that programs can have without swapping"),
        Metric("swap", _BYTES, "swap in use", "swap_percent"),
        Metric("swap_percent", _PERCENT, "`swap`, of all there is; 0 where there is none"),
        Metric("uptime", _SECONDS, "time since the machine was booted"),
        Metric("processes", _NUMBER, "how many processes there are"),
        Metric("open_files", _NUMBER, "open files of all processes together", "open_files_percent"),
        Metric("open_files_percent", _PERCENT, "`open_files`, of what the kernel allows"),
    ),
    "if load5_per_core > 2 for 5 cycles then alert\n"
    "if memory > 90% for 5 cycles then alert\n"
    "if swap > 50% for 5 cycles then alert\n"
    "if cpu > 95% for 10 cycles then alert",
)

_FILESYSTEM = MonitorType(
    "filesystem",
    "the filesystem that a path lies on, and the device under it",
    (
        Metric("space", _BYTES, "space in use", "space_percent"),
        Metric("space_percent", _PERCENT, "`space`, of what users other than root can have, as `df` says it"),
        Metric("space_free", _BYTES, "space that users other than root can still have"),
        Metric("inodes", _NUMBER, "inodes in use; absent where their number is not fixed", "inodes_percent"),
        Metric("inodes_percent", _PERCENT, "`inodes`, of all there are, likewise"),
        Metric("inodes_free", _NUMBER, "inodes that are free, likewise"),
        Metric("read_only", _BOOLEAN, "whether it is mounted read-only"),
        Metric("mounted", _BOOLEAN, "whether a filesystem is mounted at this very path"),
        Metric("flags", _TEXT, "the options it is mounted with, sorted, with commas between"),
        Metric("kind", _TEXT, "its type, such as ext4"),
        Metric("device", _TEXT, "what is mounted"),
        Metric(
            "read_rate",
            Unit.BYTES_PER_SECOND,
            "read from its device since the last check, by all; this and what follows is absent where there is no such "
            "device (tmpfs, a network's) or the kernel does not tell",
        ),
        Metric("write_rate", Unit.BYTES_PER_SECOND, "written to its device, likewise"),
        Metric("read_operations", Unit.PER_SECOND, "reads of its device a second, likewise"),
        Metric("write_operations", Unit.PER_SECOND, "writes of its device a second, likewise"),
        Metric("busy", _PERCENT, "time since the last check in which its device was at work"),
        Metric(
            "service_time",
            _SECONDS,
            "that a read or a write took since the last check, on average; absent where there was none",
        ),
    ),
    f"{IF_FAILED}\nif space > 90% then alert\nif inodes > 90% then alert\nif flags changed then alert",
    needs=("path",),
)

_PLACE = (
    Metric("exists", _BOOLEAN, "whether it is there"),
    Metric("age", _SECONDS, "time since it was last modified"),
    Metric("modified", _SECONDS, "when it was last modified, in seconds since the epoch"),
    Metric("mode", _TEXT, "permissions in octal, four digits, such as 0644"),
    Metric("owner", _TEXT, "name of the user it belongs to, the number where there is no name"),
    Metric("group", _TEXT, "name of the group it belongs to, likewise"),
)
_FILE = MonitorType(
    "file",
    "a file, or anything else that has a name in the filesystem",
    (
        *_PLACE,
        Metric("size", _BYTES, "its length"),
        Metric(
            "kind",
            _TEXT,
            "`file`, `directory`, `fifo`, `socket`, `device`; that to which a symbolic link leads",
        ),
        Metric("checksum", _TEXT, "of its content, in hexadecimal; with `checksum =` only"),
        Metric("matches", _NUMBER, "lines written since the last check that match `content =`"),
        Metric("line", _TEXT, "the first of these lines"),
        Metric(
            "unread", _BYTES, "written since the last check, but more than is read at once: not looked at"
        ),
    ),
    f"{IF_FAILED}\nif matches > 0 then alert",
    needs=("path",),
    takes=("checksum", "content", "content_ignore"),
)

_DIRECTORY = MonitorType(
    "directory",
    "a directory",
    (
        *_PLACE,
        Metric("entries", _NUMBER, "how many names it holds; counted up to 100000"),
        Metric(
            "oldest", _SECONDS, "time since the oldest file in it was modified; absent where it holds none"
        ),
    ),
    IF_FAILED,
    needs=("path",),
)

_HOST = MonitorType(
    "host",
    "a server that listens, on this machine or another",
    (
        Metric(
            "response_time",
            _SECONDS,
            "until the answer was there; absent where UDP was not answered nor had to be",
        ),
        Metric("status", _NUMBER, "of the HTTP answer"),
        Metric("body", _TEXT, "the first of the body, where `expect_body` asks for it"),
        Metric("certificate_days", _NUMBER, "until the certificate expires; negative when it has"),
        Metric(
            "certificate_valid",
            _BOOLEAN,
            "whether the certificate was verified; absent with `tls_verify = false`",
        ),
        Metric("address", _TEXT, "the address that answered"),
    ),
    f"{IF_FAILED_TWICE}\nif certificate_days < 14 then alert",
    needs=("url",),
    takes=("expect_status", "expect_body", "headers", "method", "tls_verify", "tls_ca", "send", "expect"),
)

_PROGRAM = MonitorType(
    "program",
    "a command that is run and looks for itself",
    (
        Metric("status", _NUMBER, "its exit status; absent where it was killed"),
        Metric("output", _TEXT, "the last of what it wrote, stdout and stderr"),
        Metric("duration", _SECONDS, "how long it took"),
    ),
    IF_FAILED,
    needs=("command",),
    takes=("directory", "environment", "user"),
)

_NETWORK = MonitorType(
    "network",
    "a network interface",
    (
        Metric("link", _BOOLEAN, "whether it is up and has a carrier"),
        Metric("speed", _NUMBER, "in Mbit/s; absent where it has none"),
        Metric("full_duplex", _BOOLEAN, "whether it sends and receives at once; absent where nobody knows"),
        Metric("saturation", _PERCENT, "the busier direction since the last check, of `speed`"),
        Metric("receive_rate", Unit.BYTES_PER_SECOND, "received since the last check"),
        Metric("send_rate", Unit.BYTES_PER_SECOND, "sent since the last check"),
        Metric("receive_packets", Unit.PER_SECOND, "packets received a second, since the last check"),
        Metric("send_packets", Unit.PER_SECOND, "packets sent a second since the last check"),
        Metric("errors", _NUMBER, "packets with errors since the last check, both directions"),
        Metric("drops", _NUMBER, "packets dropped since the last check, both directions"),
        Metric("received", _BYTES, "received since the interface is there, as the kernel counts it"),
        Metric("sent", _BYTES, "sent since the interface is there, likewise"),
        Metric(
            "received_in_hour",
            _BYTES,
            "received within the last hour; less than that long after a start of Vigil, which does not remember this",
        ),
        Metric("sent_in_hour", _BYTES, "sent within the last hour, likewise"),
        Metric("packets_received_in_hour", _NUMBER, "packets received within the last hour, likewise"),
        Metric("packets_sent_in_hour", _NUMBER, "packets sent within the last hour, likewise"),
    ),
    f"{IF_FAILED}\nif errors > 0 for 3 of 5 cycles then alert\nif saturation > 90% for 5 cycles then alert",
    needs=("interface",),
)

_PROCESS = MonitorType(
    "process",
    "a process that Vigil did not start",
    (
        Metric("running", _BOOLEAN, "whether it lives"),
        Metric("pid", _NUMBER, "its process id"),
        Metric("ppid", _NUMBER, "the process id of its parent"),
        Metric("uptime", _SECONDS, "time since it was started"),
        Metric("cpu", _PERCENT, "CPU time since the last check, of one CPU; with all its descendants"),
        Metric("memory", _BYTES, "resident memory, with all its descendants", "memory_percent"),
        Metric("memory_percent", _PERCENT, "`memory`, of the machine's"),
        Metric("own_cpu", _PERCENT, "as `cpu`, of the process alone"),
        Metric("own_memory", _BYTES, "as `memory`, of the process alone"),
        Metric("threads", _NUMBER, "its threads, without those of descendants"),
        Metric("files", _NUMBER, "its open files; absent where the kernel does not tell us"),
        Metric("children", _NUMBER, "how many descendants it has"),
        Metric("owner", _TEXT, "the user it runs as"),
        Metric("zombie", _BOOLEAN, "whether it has ended and nobody has taken note"),
    ),
    IF_FAILED,
    needs=("pidfile", "pattern"),
    takes=("start_command", "stop_command", "restart_command", "user", "directory", "environment"),
)

MONITOR_TYPES: dict[str, MonitorType] = {
    kind.name: kind for kind in (_SYSTEM, _FILESYSTEM, _FILE, _DIRECTORY, _HOST, _PROGRAM, _NETWORK, _PROCESS)
}


class MonitorState(StrEnum):
    """What is thought of a monitor."""

    UNKNOWN = "unknown"  # not looked at yet, or nobody can know
    PASSED = "passed"
    FAILED = "failed"  # a rule of it holds
    DISABLED = "disabled"  # somebody paused it
