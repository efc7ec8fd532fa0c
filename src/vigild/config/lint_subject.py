"""What a check looks at: the document, what became of it, and the machine."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field

from vigild.config.diagnostics import Diagnostic, Severity
from vigild.config.ini import Document, Entry, Section
from vigild.config.model import Config, ProcessConfig
from vigild.config.options import kind_of
from vigild.core.frozen import frozen

PROGRAM_KINDS = frozenset({"program", "fcgi-program", "eventlistener"})


@frozen
class Program:
    """A program section with its options and the processes it became (none where it was refused)."""

    section: Section
    kind: str
    entries: Mapping[str, Entry]
    processes: tuple[ProcessConfig, ...]

    def finding(
        self, severity: Severity, code: str, option: str | None, text: str, hint: str = ""
    ) -> Diagnostic:
        """A finding at the option's line, or at the header where the option is not given."""
        entry = self.entries.get(option) if option else None
        where = entry.where if entry else self.section.where
        return Diagnostic(severity, where, self.section.name, option, text, hint, code)


@frozen
class Subject:
    """A loaded configuration, as checks see it."""

    path: str
    document: Document
    config: Config
    environ: Mapping[str, str]
    programs: tuple[Program, ...] = field(default=())

    def entry(self, section: str, option: str) -> Entry | None:
        """An option as written, [DEFAULT] included; None where it is not."""
        found = self.document.sections.get(section)
        entries = found.entries if found else {}
        return entries.get(option) or self.document.defaults.get(option)

    def finding(
        self, severity: Severity, code: str, section: str, option: str | None, text: str, hint: str = ""
    ) -> Diagnostic:
        """A finding at an option of a section that exists, or at its header."""
        entry = self.entry(section, option) if option else None
        where = entry.where if entry else self.document.sections[section].where
        return Diagnostic(severity, where, section, option, text, hint, code)


Check = Callable[[Subject], Iterator[Diagnostic]]


def subject_of(path: str, document: Document, config: Config, environ: Mapping[str, str]) -> Subject:
    """Join the sections of a document with the processes that were made of them."""
    made: dict[object, list[ProcessConfig]] = {}
    for group in config.groups:
        for process in group.processes:
            made.setdefault(process.where, []).append(process)
    programs = tuple(
        Program(section, kind, {**document.defaults, **section.entries}, tuple(made.get(section.where, ())))
        for section in document.sections.values()
        if (kind := kind_of(section.name)) in PROGRAM_KINDS
    )
    return Subject(path, document, config, environ, programs)
