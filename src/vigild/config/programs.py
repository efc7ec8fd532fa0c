"""One program section to its processes: `numprocs`, names, streams, environment.

Supervisor resolves in two stages and so does this: most options once per section, knowing `program_name`
and `group_name`; the rest once per process, knowing `process_num`, `numprocs` and the variables of the
section's own `environment` as well (those of process 0 are still known to process 1).
"""

from collections.abc import Mapping
from typing import Any, cast

from vigild.config.convert import SYSLOG, environment, plain_name
from vigild.config.convert_limits import LIMITS
from vigild.config.diagnostics import BadValueError
from vigild.config.expand import expand, expand_twice
from vigild.config.ini import Entry, Section
from vigild.config.model import AUTO, Autorestart, GroupKind, ProcessConfig, StreamConfig
from vigild.config.options import EVENTLISTENER, FCGI_PROGRAM, PROGRAM, Names, Option
from vigild.config.resolve import Resolver

NUMPROCS_MAX = 100_000

_TABLES = {"program": PROGRAM, "fcgi-program": FCGI_PROGRAM, "eventlistener": EVENTLISTENER}
_LIMIT_FIELDS = tuple(f"limits.{name}" for name in LIMITS)
# Where these are used, variables of [supervisord] and of the section itself are told apart.
_UNDER_OWN_VARIABLES = ("unset_environment", "set_user_environment", "environment_files")
# What a program with a schedule is, unless it says otherwise: started by that alone, and done when it ends.
_OF_JOBS = {"autostart": False, "autorestart": Autorestart.NEVER, "start_seconds": 0}
_EXPANDED_TWICE = frozenset({"stdout_logfile", "stderr_logfile"})
Fields = dict[str, Any]


def environment_texts(entry: Entry | None) -> list[tuple[Entry, str]]:
    """The texts of an `environment` that may be given several times in a section, first one first."""
    lines: list[tuple[Entry, str]] = []
    while entry is not None:
        lines.append((entry, entry.text))
        entry = entry.earlier
    return lines[::-1]


class _Program:
    """One section while its processes are made."""

    __slots__ = ("entries", "group", "kind", "name", "numbered", "resolver", "section", "table")

    def __init__(self, resolver: Resolver, section: Section, group: str, kind: GroupKind) -> None:
        self.resolver = resolver
        self.section = section
        self.group = group
        self.kind = kind
        prefix, _colon, self.name = section.name.partition(":")
        self.table = _TABLES[prefix]
        self.entries = resolver.entries(section)
        self.numbered: list[tuple[Option, Entry]] = []  # what differs from process to process

    def processes(self) -> list[ProcessConfig]:
        resolver = self.resolver
        try:
            self.name = plain_name(self.name)
        except BadValueError as error:
            resolver.refuse(self.section, None, error.code, str(error), error.hint)
            return []
        entries = self.entries
        dynamic = any("%" in entry.text for entry in entries.values())
        names: dict[str, object] = {}
        if dynamic:
            names = dict(resolver.names)
            names["program_name"] = self.name
            names["group_name"] = self.group
        count = resolver.value(self.section, self.table["numprocs"], 1, names)
        fields = self.common_fields(names, count)
        if fields.get("schedule"):
            for field, value in _OF_JOBS.items():
                fields.setdefault(field, value)
        start = fields.pop("numprocs_start", 0)
        raw_name = self.raw_process_name(count)
        if not self.consistent(fields, count) or raw_name is None:
            return []
        processes: list[ProcessConfig] = []
        for number in range(start, start + count):
            if dynamic:
                names.update(process_num=number, numprocs=count)
                names.update(resolver.environment)
            processes.append(self.process(fields, raw_name, names))
            if resolver.failed:
                break  # one is enough to find what else is wrong
        processes.sort(key=lambda process: (process.priority, process.name))
        return processes

    def common_fields(self, names: Mapping[str, object], count: int) -> Fields:
        """Values that all processes share; what holds per-process names is kept for later.

        Without a process Supervisor never looks at what each process would need, and accepts anything there.
        """
        fields: Fields = {}
        resolver, section, table = self.resolver, self.section, self.table
        for key, entry in self.entries.items():
            option = table.get(key)
            if option is None or not option.field:
                continue
            late = option.names is Names.PROCESS or option.names is Names.PREFIX
            if late and (count < 1 or "%" in entry.text):
                self.numbered.append((option, entry))
                continue
            value = resolver.converted(section, option, entry, resolver, names)
            if (
                value is not resolver
            ):  # else refused and reported: the default stays, to find what else is wrong
                fields[option.field] = value
        return fields

    def raw_process_name(self, count: int) -> str | None:
        entry = self.entries.get("process_name")
        try:
            name = plain_name(entry.text if entry else "%(program_name)s")
            if count > 1 and "%(process_num)" not in name:
                raise BadValueError(
                    f"numprocs is {count}, but all processes would have the name {name!r}",
                    "add process_name=%(program_name)s_%(process_num)02d",
                    "V013",
                )
        except BadValueError as error:
            option = "process_name" if entry else "numprocs"
            self.resolver.refuse(self.section, option, error.code, str(error), error.hint)
            return None
        return name

    def consistent(self, fields: Fields, count: int) -> bool:
        """Check what options say together; False when no process can be made."""
        refuse = self.resolver.refuse
        if fields.get("stop_as_group", False) and not fields.setdefault("kill_as_group", True):
            text = "stopasgroup=true needs killasgroup=true"
            hint = "drop killasgroup=false: what was told to stop as a group must be killed as one"
            refuse(self.section, "killasgroup", "V013", text, hint)
        if count > NUMPROCS_MAX:
            text = f"{count} processes of one program"
            refuse(self.section, "numprocs", "V006", text, f"at most {NUMPROCS_MAX}")
            return False
        if "command" not in self.entries and count > 0:
            text = "no command= in this section"
            refuse(self.section, None, "V005", text, "add command=/path/to/program and its arguments")
            return False
        return True

    def process(self, common: Fields, raw_name: str, names: dict[str, object]) -> ProcessConfig:
        """One process, `process_num` and `numprocs` being in `names` already."""
        variables = self.environment(names)
        fields = dict(common)
        for option, entry in self.numbered:
            if option.names is Names.PROCESS:
                self.add_late_value(fields, option, entry, names)
        stdout, stderr = _stream(fields, "stdout"), _stream(fields, "stderr")
        self.settle_streams(stdout, stderr, fields.get("redirect_stderr", False))
        name = self.process_name(raw_name, names)
        for option, entry in self.numbered:
            if option.names is Names.PREFIX:
                self.add_late_value(fields, option, entry, {**names, "process_name": name})
        layered = any(fields.get(field) for field in _UNDER_OWN_VARIABLES)
        return ProcessConfig(
            name=name,
            kind=self.kind,
            stdout=stdout,
            stderr=stderr,
            environment={**self.resolver.daemon_environment, **variables},
            limits=tuple(fields.pop(field) for field in _LIMIT_FIELDS if field in fields),
            own_variables=tuple(variables) if layered else (),
            where=self.section.where,
            **fields,
        )

    def add_late_value(
        self, fields: Fields, option: Option, entry: Entry, names: Mapping[str, object]
    ) -> None:
        twice = option.name in _EXPANDED_TWICE
        try:
            text = expand_twice(entry.text, names) if twice else expand(entry.text, names)
            fields[option.field] = option.convert(text, self.resolver.around)
        except BadValueError as error:
            self.resolver.bad_value(self.section, option.name, entry, error)
            fields.setdefault("command", entry.text)  # so that there is a process to look at further

    def environment(self, names: dict[str, object]) -> dict[str, str]:
        """The section's own variables; they are known as ENV_X from here on."""
        variables: dict[str, str] = {}
        for entry, text in environment_texts(self.entries.get("environment")):
            try:
                variables.update(environment(expand(text, names)))
            except BadValueError as error:
                self.resolver.bad_value(self.section, "environment", entry, error)
        for key, value in variables.items():
            names["ENV_" + key] = value
        return variables

    def process_name(self, raw_name: str, names: Mapping[str, object]) -> str:
        if raw_name == "%(program_name)s":
            return self.name
        try:
            return expand(raw_name, names)
        except BadValueError as error:
            self.resolver.refuse(self.section, "process_name", error.code, str(error), error.hint)
            return raw_name

    def settle_streams(self, stdout: StreamConfig, stderr: StreamConfig, redirected: bool) -> None:
        """Rewrite the deprecated magic `syslog` file, and say what Supervisor says about log files."""
        warn, name = self.resolver.warnings.append, self.section.name
        for channel, stream in (("stdout", stdout), ("stderr", stderr)):
            if cast(object, stream.logfile) is SYSLOG:
                warn(
                    f"For [{name}], {channel}_logfile=syslog but this is deprecated and will be removed.  "
                    f"Use {channel}_syslog=true to enable syslog instead."
                )
                stream.logfile = None
                stream.syslog = True
            if stream.logfile is AUTO and not stream.logfile_max_bytes:
                warn(
                    f"For [{name}], AUTO logging used for {channel}_logfile without rollover, "
                    "set maxbytes > 0 to avoid filling up filesystem unintentionally"
                )
        if redirected:
            if stderr.logfile not in (AUTO, None):
                warn(
                    f"For [{name}], redirect_stderr=true but stderr_logfile has also been set to a filename, "
                    "the filename has been ignored"
                )
            stderr.logfile = None


_STREAM_FIELDS = (
    "logfile",
    "logfile_max_bytes",
    "logfile_backups",
    "capture_max_bytes",
    "events_enabled",
    "syslog",
)


def _stream(fields: Fields, channel: str) -> StreamConfig:
    stream = StreamConfig()
    for name in _STREAM_FIELDS:
        key = f"{channel}.{name}"
        if key in fields:
            setattr(stream, name, fields.pop(key))
    return stream


def resolve_processes(
    resolver: Resolver, section: Section, group: str, kind: GroupKind
) -> tuple[ProcessConfig, ...]:
    """The processes of a program, fcgi-program or eventlistener section, in Supervisor's order."""
    return tuple(_Program(resolver, section, group, kind).processes())
