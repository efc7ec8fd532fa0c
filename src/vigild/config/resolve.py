"""What every resolver shares: the document, the names that expand, and where findings go.

A `Resolver` turns one entry into one value. A value that is refused becomes a diagnostic and the default
stays; resolution goes on, so that one run tells of everything.
"""

from collections.abc import Mapping
from typing import Any

from vigild.config.accounts import Surroundings
from vigild.config.diagnostics import BadValueError, Diagnostic, Severity
from vigild.config.expand import expand, expand_named
from vigild.config.ini import Document, Entry, Section
from vigild.config.options import RPCINTERFACE, Converter, Option
from vigild.config.place import Where


class Resolver:
    """One load in progress."""

    __slots__ = (
        "around",
        "daemon_environment",
        "diagnostics",
        "document",
        "environment",
        "failed",
        "here",
        "infos",
        "names",
        "seen",
        "warnings",
    )

    def __init__(self, document: Document, here: str, around: Surroundings) -> None:
        self.document = document
        self.here = here
        self.around = around
        self.diagnostics: list[Diagnostic] = list(document.diagnostics)
        self.failed = any(finding.severity == "error" for finding in document.diagnostics)
        self.seen: set[tuple[str, Where, str]] = set()
        self.warnings: list[str] = []  # Supervisor's own texts, for the log at start
        self.infos: list[str] = []
        self.environment: dict[str, str] = {}  # ENV_X, with [supervisord] environment once that is read
        self.daemon_environment: dict[str, str] = {}  # what [supervisord] gives to every process
        self.names: dict[str, str] = {}
        self.set_environment(around.environ)

    def set_environment(self, environ: Mapping[str, str]) -> None:
        """Add variables to what `%(ENV_X)s` finds."""
        for name, value in environ.items():
            self.environment["ENV_" + name] = value
        self.names = {"host_node_name": self.around.host_node_name, **self.environment, "here": self.here}

    def entries(self, section: Section) -> dict[str, Entry]:
        """A section's options, [DEFAULT]'s underneath."""
        defaults = self.document.defaults
        return {**defaults, **section.entries} if defaults else section.entries

    def report(
        self,
        severity: Severity,
        code: str,
        where: Where,
        section: str | None,
        option: str | None,
        text: str,
        hint: str = "",
        excerpt: str = "",
    ) -> None:
        """Note a finding, once."""
        if severity == "error":
            self.failed = True
        key = (code, where, text)
        if key not in self.seen:
            self.seen.add(key)
            self.diagnostics.append(Diagnostic(severity, where, section, option, text, hint, code, excerpt))

    def refuse(self, section: Section, option: str | None, code: str, text: str, hint: str = "") -> None:
        """Note an error of a section, at its option's line where it has that option."""
        entry = self.entries(section).get(option) if option else None
        where = entry.where if entry else section.where
        self.report("error", code, where, section.name, option, text, hint)

    def bad_value(self, section: Section, option: str, entry: Entry, error: BadValueError) -> None:
        """Note that an option's value was refused."""
        # An earlier line of a value that is given several times: Supervisor never looked at it.
        severity: Severity = "error" if self.entries(section).get(option) is entry else "warning"
        for wrong in (error, *error.others):
            where = Where(entry.file, entry.line_of(wrong.line))
            text, hint = str(wrong), wrong.hint
            self.report(severity, wrong.code, where, section.name, option, text, hint, wrong.excerpt)

    def value(
        self,
        section: Section,
        option: Option,
        default: Any = None,
        names: Mapping[str, object] | None = None,
    ) -> Any:
        """An option's converted value; the default where it is absent or was refused (and reported)."""
        entry = self.entries(section).get(option.name)
        if entry is None:
            return default
        return self.converted(section, option, entry, default, names)

    def converted(
        self,
        section: Section,
        option: Option,
        entry: Entry,
        default: Any = None,
        names: Mapping[str, object] | None = None,
    ) -> Any:
        """An entry's converted value; the default where it was refused (and reported)."""
        text = entry.text
        try:
            if "%" in text:
                known = self.names if names is None else names
                text = expand_named(text, known) if option.lone_percent else expand(text, known)
            return option.convert(text, self.around)
        except BadValueError as error:
            self.bad_value(section, option.name, entry, error)
            return default

    def override(self, option: Option, convert: Converter, text: str) -> Any:
        """A value from the command line: converted, never expanded."""
        try:
            return convert(text, self.around)
        except BadValueError as error:
            where = Where("command line", 0)
            self.report("error", error.code, where, "supervisord", option.name, str(error), error.hint)
            return None


def plugin_options(resolver: Resolver, section: Section, factory_key: str) -> dict[str, str]:
    """The keys of a plugin's section that its factory is called with: expanded text."""
    option = RPCINTERFACE["supervisor.rpcinterface_factory"]  # any that is text
    return {
        key: resolver.converted(section, option, entry, "")
        for key, entry in resolver.entries(section).items()
        if key != factory_key
    }
