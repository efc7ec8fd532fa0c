"""What is suspicious about a document whatever its values are: unknown names, things given twice."""

from vigild.config.ini import Duplicate, Section
from vigild.config.options import NAMED_SECTIONS, OPEN_SECTIONS, SECTIONS, kind_of
from vigild.config.resolve import Resolver
from vigild.config.suggest import did_you_mean, nearest

# Keys that people write and Supervisor ignores, with what they were after.
_MEANT = {
    "logfile": "stdout_logfile",
    "logfile_maxbytes": "stdout_logfile_maxbytes",
    "logfile_backups": "stdout_logfile_backups",
    "stdout_backups": "stdout_logfile_backups",
    "stderr_backups": "stderr_logfile_backups",
    "stdout_maxbytes": "stdout_logfile_maxbytes",
    "stderr_maxbytes": "stderr_logfile_maxbytes",
    "username": "user",
    "name": "process_name",
    "env": "environment",
    "cwd": "directory",
}


def review_document(resolver: Resolver) -> None:
    """Report unknown sections and options, and everything that was given twice."""
    for section in resolver.document.sections.values():
        kind = kind_of(section.name)
        if kind is None:
            _unknown_section(resolver, section)
        elif kind not in OPEN_SECTIONS:
            table = SECTIONS[kind]
            if not section.entries.keys() <= table.keys():
                _unknown_options(resolver, section, kind)
    for duplicate in resolver.document.duplicates:
        _twice(resolver, duplicate)


def _unknown_section(resolver: Resolver, section: Section) -> None:
    kind, colon, name = section.name.partition(":")
    lowered = kind.strip().lower()
    guess = lowered if lowered in SECTIONS else nearest(lowered, SECTIONS)
    if guess is None:
        hint = "drop it, or put ; before its lines; kinds of section: " + ", ".join(SECTIONS)
    elif guess == kind:
        hint = f"write [{guess}:NAME]" if not colon else f"write [{guess}]"
    else:
        hint = f"did you mean [{guess}{colon}{name}]?"
    text = "no such kind of section; it is ignored"
    resolver.report("warning", "V102", section.where, section.name, None, text, hint)


def _unknown_options(resolver: Resolver, section: Section, kind: str) -> None:
    table = SECTIONS[kind]
    for key, entry in section.entries.items():
        if key in table:
            continue
        meant = _MEANT.get(key)
        elsewhere = [other for other in SECTIONS if key in SECTIONS[other]]
        if meant in table:
            hint = f"did you mean {meant}?"
        elif elsewhere:
            hint = f"it belongs in [{elsewhere[0]}{':NAME' if elsewhere[0] in NAMED_SECTIONS else ''}]"
        else:
            hint = did_you_mean(key, table) or "drop it; what it was to do does not happen"
        text = f"unknown option {key!r}; it is ignored"
        resolver.report("warning", "V101", entry.where, section.name, key, text, hint.strip())


def _twice(resolver: Resolver, duplicate: Duplicate) -> None:
    first, second = duplicate.first, duplicate.second
    if duplicate.option is None:
        text = f"[{duplicate.section}] was begun at {first} and is begun again here"
        hint = "its options are put together, and of those given in both places the later ones win"
        resolver.report("warning", "V104", second, duplicate.section, None, text, hint)
    elif duplicate.option == "environment":
        text = f"environment was given at {first} already; the entries are merged"
        hint = "Supervisor keeps the last line only; write one, with commas between the entries"
        resolver.report("warning", "V105", second, duplicate.section, duplicate.option, text, hint)
    else:
        text = f"{duplicate.option} was given at {first} already; this one wins"
        hint = "keep one of the two"
        resolver.report("warning", "V103", second, duplicate.section, duplicate.option, text, hint)
