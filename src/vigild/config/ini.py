"""The INI reader: text to sections and entries, each with its file and line. It never throws.

The rules are those that Supervisor's parser shows (Python's `RawConfigParser`, not strict, with `;` and
`#` as inline comment signs), found by running it:

- A line is a comment when its first printing character is `;` or `#`. Elsewhere either sign starts a
  comment only after white space, inside quotes too. When both occur in a line, the signs are looked for
  in turn, one occurrence of each per round, and the first round with a hit decides.
- A line indented deeper than the option or header before it continues the option's value, with a line
  feed between. Blank lines inside are kept, comment lines vanish; at the end both are dropped.
- A header is `[` to the *last* `]`; what follows is ignored. Names keep their case and their blanks.
- `=` or `:`, whichever is first, ends the key; keys are lower-cased.
- A section that comes again goes on; a key that comes again wins. `[DEFAULT]` is under every section.

On top of that: a byte-order mark is skipped, bytes that are not UTF-8 survive as surrogates (they come
out unchanged on the way to the kernel), and `environment` given again in the same section is remembered
so that its entries can be merged.
"""

from dataclasses import field

from vigild.config.diagnostics import Diagnostic
from vigild.config.place import Where
from vigild.core.frozen import frozen, plain

DEFAULT_SECTION = "DEFAULT"
SHOWN_CHARACTERS = 40  # of a line that is refused


class Entry:
    """One option as written. `cut` is the inline comment that ended it; `earlier` what it replaced."""

    __slots__ = ("cut", "earlier", "file", "line", "more_lines", "text")

    def __init__(self, text: str, file: str, line: int) -> None:
        self.text = text
        self.file = file
        self.line = line
        self.cut: str | None = None
        self.earlier: Entry | None = None  # only for `environment`, only from the same section block
        self.more_lines: tuple[int, ...] = ()  # those of the file that the text goes on in

    @property
    def where(self) -> Where:
        """The place of the key."""
        return Where(self.file, self.line)

    def line_of(self, number: int) -> int:
        """The line of the file in which line `number` of the text (from 0) stands."""
        return (self.line, *self.more_lines)[min(number, len(self.more_lines))]


class Section:
    """A section: its entries in order, and the place of its first header."""

    __slots__ = ("entries", "file", "line", "name")

    def __init__(self, name: str, file: str, line: int) -> None:
        self.name = name
        self.file = file
        self.line = line
        self.entries: dict[str, Entry] = {}

    @property
    def where(self) -> Where:
        """The place of the header."""
        return Where(self.file, self.line)


@frozen
class Duplicate:
    """A section (`option` None) or an option that was there already."""

    section: str
    option: str | None
    first: Where
    second: Where


@plain
class Document:
    """What files say, merged, with everything that was odd about them."""

    sections: dict[str, Section] = field(default_factory=dict)
    defaults: dict[str, Entry] = field(default_factory=dict)
    duplicates: list[Duplicate] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def merge(self, other: "Document") -> None:
        """Add an included file: its options win, sections that exist go on."""
        for name, section in other.sections.items():
            mine = self.sections.setdefault(name, section)
            if mine is not section:
                self.duplicates.append(Duplicate(name, None, mine.where, section.where))
                mine.entries.update(section.entries)
        self.defaults.update(other.defaults)
        self.duplicates.extend(other.duplicates)
        self.diagnostics.extend(other.diagnostics)

    def replace_in_values(self, old: str, new: str) -> None:
        """Replace text in every value (Supervisor does so with `%(here)s` once files are included)."""
        for entries in (self.defaults, *(section.entries for section in self.sections.values())):
            for entry in entries.values():
                current: Entry | None = entry
                while current is not None:
                    if old in current.text:
                        current.text = current.text.replace(old, new)
                    current = current.earlier


def decode(data: bytes, file: str) -> tuple[str, list[Diagnostic]]:
    """Text of a file, line ends made one; bytes that are not UTF-8 are kept as surrogates."""
    diagnostics: list[Diagnostic] = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "surrogateescape")
        line = data.count(b"\n", 0, error.start) + 1
        diagnostics.append(
            Diagnostic(
                "warning",
                Where(file, line),
                None,
                None,
                "not UTF-8; the bytes are kept as they are",
                "Supervisor refuses such a file; save it as UTF-8",
                "V107",
            )
        )
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, diagnostics


def comment_start(line: str) -> int | None:
    """Where the comment of a line begins, or None."""
    if line.lstrip()[:1] in (";", "#"):
        return 0
    searched = {";": -1, "#": -1}
    while searched:
        hits: list[int] = []
        found: dict[str, int] = {}
        for sign, last in searched.items():
            index = line.find(sign, last + 1)
            if index == -1:
                continue
            found[sign] = index
            if line[index - 1].isspace():  # index 0 was answered above
                hits.append(index)
        if hits:
            return min(hits)
        searched = found
    return None


class _Reader:
    """The state while one file is read."""

    __slots__ = ("blanks", "document", "entry", "file", "indent", "lost", "section", "started")

    def __init__(self, document: Document, file: str) -> None:
        self.document = document
        self.file = file
        self.section: Section | None = None
        self.entry: Entry | None = None
        self.started: set[str] = set()  # keys seen since the last header
        self.indent = 0
        self.blanks = 0
        self.lost = False  # text before the first header has been reported

    def read(self, text: str) -> None:
        for number, line in enumerate(text.split("\n"), 1):
            cut = None
            if (";" in line or "#" in line) and (start := comment_start(line)) is not None:
                value = line[:start].strip()
                cut = line[start:]
            else:
                value = line.strip()
            if not value:
                if cut is None:
                    self.blanks += 1
                continue
            indent = 0 if line[0] == value[0] else len(line) - len(line.lstrip())
            if indent > self.indent and self.entry is not None:
                self.continue_value(value, number, cut)
            else:
                self.indent = indent
                self.begin(value, number, cut)
            self.blanks = 0

    def continue_value(self, value: str, number: int, cut: str | None) -> None:
        entry = self.entry
        assert entry is not None
        entry.text += "\n" * (self.blanks + 1) + value
        entry.more_lines += (number,) * (self.blanks + 1)
        entry.cut = entry.cut or cut

    def begin(self, value: str, number: int, cut: str | None) -> None:
        if value[0] == "[" and (end := value.rfind("]")) > 1:
            self.begin_section(value[1:end], number)
            return
        if self.section is None:
            self.refuse_headless(value, number)
            return
        equals, colon = value.find("="), value.find(":")
        delimiter = min(equals, colon) if equals >= 0 and colon >= 0 else max(equals, colon)
        if delimiter <= 0:
            self.refuse_line(value, number)
            return
        self.begin_entry(value[:delimiter].rstrip().lower(), value[delimiter + 1 :].strip(), number, cut)

    def begin_section(self, name: str, number: int) -> None:
        self.entry = None
        self.started = set()
        document = self.document
        known = document.sections.get(name)
        if known is not None:
            document.duplicates.append(Duplicate(name, None, known.where, Where(self.file, number)))
            self.section = known
            return
        self.section = Section(name, self.file, number)
        if name == DEFAULT_SECTION:
            self.section.entries = document.defaults
        else:
            document.sections[name] = self.section

    def begin_entry(self, key: str, text: str, number: int, cut: str | None) -> None:
        section = self.section
        assert section is not None
        entry = Entry(text, self.file, number)
        entry.cut = cut
        if key in self.started:
            first = section.entries[key]
            self.document.duplicates.append(Duplicate(section.name, key, first.where, entry.where))
            if key == "environment":
                entry.earlier = first
        self.started.add(key)
        section.entries[key] = entry
        self.entry = entry

    def refuse_headless(self, value: str, number: int) -> None:
        if not self.lost:
            self.lost = True
            text = f"text before the first [section]: {value[:SHOWN_CHARACTERS]!r}"
            self.report(number, text, "begin the file with a section header such as [supervisord]", "V003")

    def refuse_line(self, value: str, number: int) -> None:
        hint = "indent it to continue the line before, or put ; before it to make it a comment"
        if "{%" in value or "{{" in value:
            hint = "this looks like a template that has not been rendered"
        elif value[0] == "[":
            hint = "a section header ends with ]"
        self.report(
            number, f"neither `option = value` nor a [section]: {value[:SHOWN_CHARACTERS]!r}", hint, "V002"
        )

    def report(self, number: int, text: str, hint: str, code: str) -> None:
        name = self.section.name if self.section else None
        where = Where(self.file, number)
        self.document.diagnostics.append(Diagnostic("error", where, name, None, text, hint, code))


def read_text(text: str, file: str) -> Document:
    """Read one file's text (line ends are `\\n`)."""
    document = Document()
    _Reader(document, file).read(text)
    if "\0" in text:
        _refuse_nul(document)
    return document


def _refuse_nul(document: Document) -> None:
    # No path, argument or variable can hold one; found here, nothing behind has to think of it.
    hint = "remove it; a file full of them is UTF-16 and has to be saved as UTF-8"
    for section in document.sections.values():
        for key, entry in section.entries.items():
            if "\0" in f"{section.name}{key}{entry.text}":
                text = "a NUL byte"
                document.diagnostics.append(
                    Diagnostic("error", entry.where, section.name, key, text, hint, "V002")
                )


def read_bytes(data: bytes, file: str) -> Document:
    """Read one file's bytes."""
    text, diagnostics = decode(data, file)
    document = read_text(text, file)
    document.diagnostics[:0] = diagnostics
    return document
