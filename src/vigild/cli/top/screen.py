"""The live view of `vigil top`: a table that follows the daemon, a log pane, and a few orders with confirmation.

Calls to the daemon are made in threads; all that is shown is changed in the thread of the screen. What a program wrote
is shown as text only: nothing of it can steer the terminal.
"""

import re
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import DataTable, Input, Label, Log, Static

from vigild.cli.top.feed import Feed, Part
from vigild.cli.top.rows import (
    COLUMNS,
    LEFT,
    TITLES,
    Row,
    arranged,
    cells_of,
    headings,
    machine_text,
    name_width,
    summary,
)
from vigild.client.errors import ClientError, FaultError
from vigild.core.errors import Fault

LOG_SECONDS = 1.0
LOG_LINES = 2000  # in the pane
BAR = 2  # columns that the scroll bar takes
KEYS = "? help  q quit  / filter  o sort  s start  x stop  r restart  l log  p pause"
HELP = """\
 arrows, pgup, pgdn, home, end   move
 /            filter by name, state or health
 escape       all programs again
 o  O         sort by the next column; the other way round
 c  m  n      sort by CPU, memory, name
 s  x  r      start, stop, restart what is chosen (asks first)
 l  enter     show its log and follow it; again: hide it
 e            stdout or stderr
 p            pause: look at what stands there
 q            quit

 All figures are of a program with whatever descends from it.
 CPU%  of one core: 200 are two     MEM    resident memory
 PSS   memory, what is shared       THR    threads
       with others in part          FILES  open files
 RST   restarts by itself, since the daemon began"""
_COLOURS = {
    "RUNNING": "green",
    "STARTING": "yellow",
    "STOPPING": "yellow",
    "BACKOFF": "red",
    "FATAL": "bold red",
}
_UNPRINTABLE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Dialog(ModalScreen[bool]):
    """A text that waits for an answer: a question, or the help."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "answer(True)", "yes"),
        Binding("n,escape,q,question_mark", "answer(False)", "no"),
    ]
    CSS = "Dialog { align: center middle; } Dialog > Static { border: round $foreground; padding: 0 1; width: auto; max-width: 76; height: auto; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        yield Static(self._text, markup=False)

    def action_answer(self, is_yes: bool) -> None:
        """It was answered."""
        self.dismiss(is_yes)


class Top(App[None]):
    """The screen. `error` is why it ended, where it did not end by a key."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #machine, #summary, #keys { height: 1; }
    #table { height: 1fr; scrollbar-size-vertical: 1; }
    #table > .datatable--cursor { text-style: bold reverse; }
    #pane { height: 40%; display: none; }
    #pane.shown { display: block; }
    #title { height: 1; text-style: reverse; width: 100%; }
    #filter { height: 1; border: none; padding: 0; display: none; }
    #filter.shown { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit"),
        Binding("slash", "filter"),
        Binding("escape", "show_all"),
        Binding("o", "sort"),
        Binding("O", "reverse"),
        Binding("c", "sort_by('CPU%')"),
        Binding("m", "sort_by('MEM')"),
        Binding("n", "sort_by('NAME')"),
        Binding("s", "order('start')"),
        Binding("x", "order('stop')"),
        Binding("r", "order('restart')"),
        Binding("l", "log"),
        Binding("e", "channel"),
        Binding("p", "pause"),
        Binding("question_mark,h,f1", "help"),
    ]

    def __init__(self, feed: Feed, *, pattern: str = "", sort: str = "CPU%") -> None:
        super().__init__(
            ansi_color=True
        )  # the terminal's own colours; and none of them where NO_COLOR is set
        self.error: ClientError | None = None
        self._feed = feed
        self._rows: list[Row] = []
        self._shown: list[Row] = []
        self._drawn: list[tuple[str, ...]] = []
        self._widths = self._columns = 0
        self._pattern = pattern
        self._sort, self._is_descending = sort, COLUMNS[TITLES.index(sort)].is_descending
        self._is_paused = False
        self._told = ""  # what came of the last order, or what is wrong
        self._is_lost = False
        self._has_come = False
        self._log_of = ""
        self._channel = "stdout"
        self._offset = 0

    def compose(self) -> ComposeResult:
        """From top to bottom."""
        yield Label("", id="machine", markup=False)
        yield Label("asking the daemon…", id="summary", markup=False)
        yield DataTable(id="table", cursor_type="row", cell_padding=0, zebra_stripes=False)
        with Vertical(id="pane"):
            yield Label("", id="title", markup=False)
            yield Log(id="log", max_lines=LOG_LINES, auto_scroll=True)
        yield Input(placeholder="name, state or health", id="filter")
        yield Label(KEYS, id="keys", markup=False)

    def on_mount(self) -> None:
        """It is on the screen."""
        self.theme = "ansi-dark"
        self._table.focus()
        self._refresh_rows()
        self.set_interval(self._feed.interval_seconds, self._refresh_rows)
        self.set_interval(LOG_SECONDS, self._refresh_log)

    @property
    def _table(self) -> "DataTable[Text]":
        return self.query_one("#table", DataTable)

    # The table.

    @work(thread=True, exclusive=True, group="rows")
    def _refresh_rows(self) -> None:
        try:
            rows = self._feed.rows()
        except ClientError as error:
            self.call_from_thread(self._lost, error)
        else:
            self.call_from_thread(self._came, rows)

    def _lost(self, error: ClientError) -> None:
        """The daemon does not answer: what stands there is old, and that is said; it is asked again."""
        if not self._has_come or (isinstance(error, FaultError) and error.code == Fault.UNKNOWN_METHOD):
            self.error = error
            self.exit()
            return
        self._is_lost = True
        self._told = f"no answer, this is old: {error}"
        self._draw_summary()

    def _came(self, rows: list[Row]) -> None:
        if self._is_lost:
            self._is_lost, self._told = False, ""
        is_first = not self._has_come
        self._has_come = True
        if not self._is_paused or is_first:
            self._rows = rows
            self._draw()
            if is_first:  # a second look, when what was asked for by the first has been measured
                self.set_timer(1.0, self._refresh_rows)

    def on_resize(self, event: Resize) -> None:
        """Names get what is left."""
        self._columns = event.size.width
        self._draw()

    def _draw(self) -> None:
        """Bring the table to what is known, with as few changes as will do."""
        table = self._table
        width = name_width((self._columns or self.size.width) - BAR)
        chosen = self._chosen
        self._shown = arranged(self._rows, self._sort, self._is_descending, self._pattern)
        cells = [cells_of(row, width) for row in self._shown]
        if width != self._widths:
            self._widths = width
            self._make_columns(width)
        if len(cells) != len(self._drawn):
            table.clear()
            for row, texts in zip(self._shown, cells, strict=True):
                table.add_row(*self._styled(row, texts))
        else:
            for line, (row, texts, old) in enumerate(zip(self._shown, cells, self._drawn, strict=True)):
                if texts != old:
                    for column, text in enumerate(self._styled(row, texts)):
                        if texts[column] != old[column]:
                            table.update_cell_at((line, column), text)  # type: ignore[arg-type]
        self._drawn = cells
        names = [row.name for row in self._shown]
        if chosen in names and table.cursor_row != names.index(chosen):
            table.move_cursor(row=names.index(chosen), animate=False)
        self._draw_summary()

    def _make_columns(self, width: int) -> None:
        table = self._table
        table.clear(columns=True)
        self._drawn = []
        for column, heading in zip(COLUMNS, headings(width), strict=True):
            mark = heading if column.title != self._sort else self._marked(heading, column.title)
            table.add_column(Text(mark, no_wrap=True), width=(column.width or width) + 1)

    def _marked(self, heading: str, title: str) -> str:
        sign = "v" if self._is_descending else "^"
        return (
            heading.replace(title, title + sign).rstrip()
            if title in LEFT
            else f"{heading.strip()}{sign}".rjust(len(heading) + 1)
        )

    def _styled(self, row: Row, texts: tuple[str, ...]) -> list[Text]:
        styles = {
            "STATE": _COLOURS.get(row.state, ""),
            "HEALTH": "bold red" if row.health == "unhealthy" else "",
        }
        return [
            Text(text, style=styles.get(title, ""), no_wrap=True)
            for title, text in zip(TITLES, texts, strict=True)
        ]

    def _draw_summary(self) -> None:
        words = summary(self._rows)
        if self._pattern:
            words = f"{len(self._shown)} with '{self._pattern}' of {words}"
        if self._is_paused:
            words = f"PAUSED  {words}"
        machine = machine_text(self._feed.machine)
        self.query_one("#machine", Label).update(machine)
        self.query_one("#machine", Label).display = bool(machine)
        self.query_one("#summary", Label).update(words)
        self.query_one("#keys", Label).update(self._told or KEYS)

    @property
    def _chosen(self) -> str:
        line = self._table.cursor_row
        return self._shown[line].name if 0 <= line < len(self._shown) else ""

    # Keys.

    def action_sort(self) -> None:
        """By the next column."""
        self.action_sort_by(TITLES[(TITLES.index(self._sort) + 1) % len(TITLES)])

    def action_sort_by(self, title: str) -> None:
        """By this column, the most first where that is what people look for."""
        self._sort, self._is_descending = title, COLUMNS[TITLES.index(title)].is_descending
        self._redraw()

    def action_reverse(self) -> None:
        """The other way round."""
        self._is_descending = not self._is_descending
        self._redraw()

    def _redraw(self) -> None:
        self._widths = 0
        self._draw()

    def action_filter(self) -> None:
        """Type what names have in them."""
        field = self.query_one("#filter", Input)
        field.add_class("shown")
        field.value = self._pattern
        field.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Each letter counts at once."""
        self._pattern = event.value.strip()
        self._draw()

    def on_input_submitted(self) -> None:
        """Back to the table, with what is filtered."""
        self.query_one("#filter", Input).remove_class("shown")
        self._table.focus()

    def action_show_all(self) -> None:
        """No filter, no message."""
        self._told = ""
        self.query_one("#filter", Input).value = self._pattern = ""
        self.on_input_submitted()
        self._draw()

    def action_pause(self) -> None:
        """Let it stand, or go on."""
        self._is_paused = not self._is_paused
        self._draw_summary()

    def action_help(self) -> None:
        """What the keys do."""
        self.push_screen(Dialog(HELP))

    def action_order(self, action: str) -> None:
        """Ask, and then do it."""
        name = self._chosen
        if name:
            self.push_screen(Dialog(f"{action} {name}?   y / n"), partial(self._answered, action, name))

    def _answered(self, action: str, name: str, is_yes: bool | None) -> None:
        if is_yes:
            self._tell(f"{action} {name}: under way…")
            self._act(action, name)

    @work(thread=True, group="acts")
    def _act(self, action: str, name: str) -> None:
        try:
            words = self._feed.act(action, name)
        except ClientError as error:
            words = f"{action} {name}: {error}"
        self.call_from_thread(self._tell, words)
        self.call_from_thread(self._refresh_rows)

    def _tell(self, words: str) -> None:
        self._told = printable(words)
        self._draw_summary()

    # The log.

    def on_data_table_row_selected(self) -> None:
        """Enter."""
        self.action_log()

    def action_log(self) -> None:
        """Show the log of what is chosen, or hide it."""
        name = self._chosen
        is_shown = bool(name) and name != self._log_of
        self._log_of = name if is_shown else ""
        self.query_one("#pane").set_class(is_shown, "shown")
        self._begin_log()

    def action_channel(self) -> None:
        """The other stream."""
        self._channel = "stderr" if self._channel == "stdout" else "stdout"
        self._begin_log()

    def _begin_log(self) -> None:
        self._offset = 0
        self.query_one("#log", Log).clear()
        self.query_one("#title", Label).update(f"{self._log_of} {self._channel}   (e: the other, l: hide)")
        self._refresh_log()

    def _refresh_log(self) -> None:
        if self._log_of and not self._is_paused:
            self._read_log(self._log_of, self._channel, self._offset)

    @work(thread=True, exclusive=True, group="log")
    def _read_log(self, name: str, channel: str, offset: int) -> None:
        try:
            part = self._feed.tail(name, channel, offset)
        except ClientError as error:
            part = Part("" if offset else f"({error})\n", offset, False)
        self.call_from_thread(self._log_came, (name, channel, offset), part)

    def _log_came(self, asked: tuple[str, str, int], part: Part) -> None:
        if (
            asked != (self._log_of, self._channel, self._offset)
            or not part.text
            or part.offset == asked[2] != 0
        ):
            return
        self._offset = part.offset
        self.query_one("#log", Log).write(printable(part.text))


def printable(text: str) -> str:
    """Without whatever could steer a terminal; a carriage return goes, tabs and line ends stay."""
    return _UNPRINTABLE.sub("", text)
