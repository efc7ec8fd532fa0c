"""The deliverer itself: what the daemon says goes into the outbox, comes together, and goes out to receivers.

It has no loop of its own. Whoever has (`alerts/loop.py`) hands it messages, calls `tick` when it is time, and `arrived` when
a try is over. Nothing here waits for a receiver.

What is written down before what: an edge is in the outbox before the daemon is told that it is kept; a digest before the
first try; an arrival as soon as it is known. Whoever dies between an arrival and that note sends it again after a restart:
receivers that know the message by its identity take it once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from vigild.alerts.desk import Desk
from vigild.alerts.outbox import AlertRow, Outbox
from vigild.alerts.road import Road
from vigild.alerts.sending import Message, Origin, Outcome, Receiver
from vigild.alerts.settings import AlertSettings, settings_of
from vigild.alerts.trial import Trial
from vigild.core.delivering import Parcel
from vigild.core.digest import Digest
from vigild.core.edges import Edge
from vigild.core.quiet import OffsetAt, QuietHours
from vigild.wire.edges import edge_from_struct

MAX_PARCELS = 1000  # that wait for one receiver; of more, the oldest are dropped and counted
MAX_OUTBOX_BYTES = 32 << 20
MAX_REFUSED = 100  # messages that a receiver refused for good, kept for when its address is mended
REFUSED_SECONDS = 3600.0  # they are kept
MAX_OWED = (
    250  # edges that the daemon keeps for us while the outbox is in memory: fewer than it lets be under way
)
IDLE_SECONDS = 60.0
BUSY_WAIT_SECONDS = 1.0
SEND_SECONDS = 30.0
DISK_SECONDS = 30.0  # between two tries to have the outbox in its file again
LATE_SECONDS = 900.0  # a message that is older says why
LATE = "a receiver that could not be reached"

Ticket = tuple[str, int]


class Machine(Protocol):
    """What the deliverer needs of the process that it runs in."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def chance(self) -> float:
        """A number from 0 to 1."""

    def new_identity(self) -> str:
        """A name for a message that no other has."""

    def offset_at(self, zone: str) -> OffsetAt | None:
        """Local time of a zone ("": of the machine); None where it is not known."""

    def last_lines(self, edge: Edge) -> dict[str, tuple[str, ...]]:
        """Of output, by channel."""

    def tell(self, message: Mapping[str, Any]) -> None:
        """Tell the daemon."""

    def compose(self, digest: Digest, origin: Origin, settings: AlertSettings) -> Message:
        """A digest in words."""

    def send(self, ticket: Ticket, receiver: Receiver, message: Message, timeout_seconds: float) -> None:
        """Try to deliver; `arrived` is called when that is over, whatever came of it."""


class Deliverer:
    """See above."""

    def __init__(self, machine: Machine, open_outbox: Callable[[str], Outbox] = Outbox) -> None:
        self._machine = machine
        self._open_outbox = open_outbox
        self._outbox: Outbox | None = None
        self._origin = Origin("", "")
        self._desks: dict[str, Desk] = {}
        self._on_the_way: dict[Ticket, tuple[Desk, Road, Parcel]] = {}
        self._trials: dict[int, Trial] = {}
        self._reported: dict[str, Any] | None = None
        self._busy_since = 0.0
        self._was_idle = False
        self._disk_at = 0.0
        self._owed: list[int] = []  # edges that are heard, and that only the daemon has on disk

    @property
    def is_sending(self) -> bool:
        """Is a message on its way now?"""
        return bool(self._on_the_way)

    def close(self) -> None:
        """No more is sent. What waits is in the outbox, on disk if that can be."""
        if self._outbox is not None:
            outbox = self._outbox.back_on_disk() if self._outbox.in_memory_because else None
            (outbox or self._outbox).close()
            self._outbox = None

    # From the daemon.

    def take(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """What the daemon said, in order. Edges are on disk when it hears that they are kept."""
        edges: list[tuple[int, Edge | None]] = []
        for message in messages:
            match message:
                case {"type": "config", "alerts": list(alerts)}:
                    self._keep(edges)
                    edges = []
                    self._configure(message.get("daemon") or {}, alerts)
                case {"type": "edge", "id": int(number), "edge": dict(struct)}:
                    edges.append((number, _edge(struct)))
                case {"type": "test", "id": int(number), "alert": str(name)}:
                    self._test(number, name)
                case _:
                    pass  # of a later daemon, perhaps
        self._keep(edges)

    def _keep(self, edges: Sequence[tuple[int, Edge | None]]) -> None:
        outbox = self._outbox
        if outbox is None or not edges:
            return
        self._wake()
        with outbox:
            for number, edge in edges:
                if outbox.see(number) and edge is not None:
                    self._hear(outbox, edge)
        self._owed += [number for number, _ in edges]
        self._acknowledge(0 if not outbox.in_memory_because else MAX_OWED)

    def _acknowledge(self, most: int) -> None:
        """Tell the daemon that all but the newest `most` edges are kept, so that it need not keep them any more."""
        ids = self._owed[: len(self._owed) - most] if most else self._owed
        if ids:
            self._owed = self._owed[len(ids) :]
            self._machine.tell({"type": "kept", "ids": ids})

    def _hear(self, outbox: Outbox, edge: Edge) -> None:
        lines: dict[str, tuple[str, ...]] | None = None

        def lines_of(count: int) -> dict[str, tuple[str, ...]]:
            nonlocal lines
            if lines is None:
                lines = self._machine.last_lines(edge) if edge.outputs else {}
            return {channel: some[-count:] for channel, some in lines.items()}

        for name, desk in self._desks.items():
            changes = desk.hear(edge, self._machine.now(), lines_of)
            if changes:
                outbox.put_troubles(name, changes)

    def _configure(self, daemon: Mapping[str, Any], alerts: Sequence[Any]) -> None:
        self._origin = Origin(str(daemon.get("identifier", "")), str(daemon.get("host", "")))
        path = str(daemon["outbox"])
        if self._outbox is None or self._outbox.path != path:
            self.close()
            self._outbox = self._open_outbox(path)
            self._desks = {}
        outbox = self._outbox
        rows, books = outbox.alerts(), outbox.troubles()
        desks: dict[str, Desk] = {}
        for struct in alerts:
            settings = settings_of(struct)
            desk = self._desks.get(settings.name)
            if desk is None:
                row, book = rows.get(settings.name) or AlertRow(), books.get(settings.name, {})
                desk = Desk(settings, row, book, _utc)
            desk.settings, desk.offset_at = self._with_zone(settings)
            desks[settings.name] = desk
        self._desks = desks
        with outbox:
            for name in {*rows, *books} - desks.keys():
                outbox.drop_alert(name)
            self._lay_roads(outbox)
            for name, desk in desks.items():
                outbox.put_alert(name, desk.row)
        self._wake()

    def _with_zone(self, settings: AlertSettings) -> tuple[AlertSettings, OffsetAt]:
        zone = settings.policy.quiet_hours.zone
        offset_at = self._machine.offset_at(zone)
        if offset_at is not None:
            return settings, offset_at
        problem = f"there is no time zone {zone!r} here; quiet_hours are in the machine's own time"
        hours = QuietHours(settings.policy.quiet_hours.ranges)
        local = self._machine.offset_at("") or _utc
        return (
            replace(
                settings,
                policy=replace(settings.policy, quiet_hours=hours),
                problems=(*settings.problems, problem),
            ),
            local,
        )

    def _lay_roads(self, outbox: Outbox) -> None:
        """A road to each receiver. What waits for an address that was changed goes to the new one."""
        parcels = outbox.parcels()
        roads = {road.row.number: road for desk in self._desks.values() for road in desk.roads}
        known = {(row.alert, row.mark): row for row in outbox.receivers()}
        gone = dict(known)
        for name, desk in self._desks.items():
            laid, added = [], []
            for mark, receiver in desk.settings.receivers.items():
                row = gone.pop((name, mark), None)
                if row is None:
                    row = outbox.add_receiver(name, mark)
                    added.append(row.number)
                road = roads.get(row.number) or Road(receiver, row, parcels.get(row.number, []))
                road.receiver = receiver
                road.hurry()
                laid.append(road)
            desk.roads = laid
            self._inherit(outbox, name, gone, added)
        for row in gone.values():
            outbox.drop_receiver(row.number, None)

    def _inherit(
        self, outbox: Outbox, alert: str, gone: dict[tuple[str, str], Any], added: Sequence[int]
    ) -> None:
        heirs = iter(added)
        for key in [key for key in gone if key[0] == alert]:
            heir = next(heirs, None)
            outbox.drop_receiver(gone.pop(key).number, heir)
        self._revive(outbox, [road for road in self._desks[alert].roads if road.row.number in added])

    def _revive(self, outbox: Outbox, roads: Sequence[Road]) -> None:
        """What was refused a short while ago may be taken now."""
        for road in roads:
            outbox.revive_parcels(road.row.number, self._machine.now() - REFUSED_SECONDS)
        parcels = outbox.parcels() if roads else {}
        for road in roads:
            known = {parcel.number for parcel in road.parcels}
            added = [one for one in parcels.get(road.row.number, []) if one.number not in known]
            road.parcels = sorted([*road.parcels, *added], key=lambda one: one.number)

    # By the clock.

    def tick(self) -> float | None:
        """Do what is due. In how many seconds there is more; None: when the daemon says something."""
        outbox = self._outbox
        if outbox is None:
            return None
        now = self._machine.now()
        times = []
        if outbox.in_memory_because:
            outbox = self._return_to_disk(outbox, now)
            if outbox.in_memory_because:
                times.append(self._disk_at)
        for desk in self._desks.values():
            due = desk.due_at(now)
            if due is not None and due <= now:
                self._put_together(outbox, desk, now)
                due = desk.due_at(now)
                due = None if due is None else max(due, now + BUSY_WAIT_SECONDS)
            if due is not None:
                times.append(due)
            for road in desk.roads:
                at = self._send_next(outbox, desk, road, now)
                if at is not None:
                    times.append(at)
        if not outbox.in_memory_because or not self._waits:
            self._acknowledge(0)
        self._report()
        if not times and not self._on_the_way and not self._trials and not self._was_idle:
            idle_at = self._busy_since + IDLE_SECONDS
            if now < self._busy_since or now >= idle_at:
                self._was_idle = True
                with outbox:
                    outbox.drop_refused(now - REFUSED_SECONDS)
                outbox.give_back()
                self._machine.tell({"type": "idle"})
            else:
                times.append(idle_at)
        return max(0.0, min(times) - now) if times else None

    @property
    def _waits(self) -> bool:
        """Is there anything that was not told, or has not arrived?"""
        return any(
            any(road.parcels for road in desk.roads) or any(one.news_since for one in desk.book.values())
            for desk in self._desks.values()
        )

    def _return_to_disk(self, outbox: Outbox, now: float) -> Outbox:
        if self._disk_at - DISK_SECONDS <= now < self._disk_at:
            return outbox
        self._disk_at = now + DISK_SECONDS
        self._outbox = outbox.back_on_disk() or outbox
        return self._outbox

    def _put_together(self, outbox: Outbox, desk: Desk, now: float) -> None:
        name = desk.settings.name
        with outbox:
            found = desk.take(now, self._machine.new_identity())
            if found is None:
                return
            digest, changes = found
            outbox.put_troubles(name, changes)
            parcels = outbox.add_digest(digest, [road.row.number for road in desk.roads])
            for road in desk.roads:
                road.parcels.append(parcels[road.row.number])
                self._make_room(outbox, desk, road)
            outbox.put_alert(name, desk.row)

    def _make_room(self, outbox: Outbox, desk: Desk, road: Road) -> None:
        on_the_way = {parcel.number for _, _, parcel in self._on_the_way.values()}
        is_full = len(road.parcels) > MAX_PARCELS or (
            len(road.parcels) > 1 and outbox.bytes_used > MAX_OUTBOX_BYTES
        )
        oldest = next((parcel for parcel in road.parcels[:-1] if parcel.number not in on_the_way), None)
        if not is_full or oldest is None:
            return
        outbox.drop_refused(self._machine.now())
        road.parcels.remove(oldest)
        outbox.drop_parcel(oldest)
        desk.row.lost += 1
        if desk.row.lost == 1 or desk.row.lost % 100 == 0:
            text = f"the outbox is full: {desk.row.lost} messages were dropped, the oldest first"
            self._say("refused", desk, road, 0, "a message that waited", text)

    def _send_next(self, outbox: Outbox, desk: Desk, road: Road, now: float) -> float | None:
        """Send what is due; when there is more to send."""
        parcel = road.next(now)
        if parcel is None:
            return road.next_at()
        ticket = ("parcel", parcel.number)
        if ticket in self._on_the_way:  # to an address that has been changed since
            return None
        digest = outbox.digest(parcel.digest)
        if digest is None:  # written by another version
            with outbox:
                self._finish(outbox, desk, road, parcel, Outcome(False, True, "it cannot be read any more"))
            return now
        if now - digest.at > LATE_SECONDS and not digest.held_for:
            digest = replace(digest, held_for=LATE)
        road.busy = True
        self._on_the_way[ticket] = desk, road, parcel
        message = self._machine.compose(digest, self._origin, desk.settings)
        self._machine.send(ticket, road.receiver, message, SEND_SECONDS)
        return None

    # From receivers.

    def arrived(self, ticket: Ticket, outcome: Outcome) -> None:
        """A try is over."""
        self._wake()
        trial = self._trials.get(ticket[1] // Trial.TICKETS) if ticket[0] == "test" else None
        if trial is not None:
            self._tried(trial, ticket, outcome)
            return
        found = self._on_the_way.pop(ticket, None)
        outbox = self._outbox
        if found is None or outbox is None:
            return
        desk, road, parcel = found
        road.busy = False
        with outbox:
            if outcome.ok or outcome.permanent:
                self._finish(outbox, desk, road, parcel, outcome)
            else:
                road.failed(parcel, outcome, self._machine.now(), self._machine.chance())
            outbox.put_receiver(road.row)

    def _finish(self, outbox: Outbox, desk: Desk, road: Road, parcel: Parcel, outcome: Outcome) -> None:
        digest = outbox.digest(parcel.digest)
        road.done(parcel, outcome)
        heirs = [other for other in desk.roads if any(one.number == parcel.number for one in other.parcels)]
        if outcome.ok:
            desk.row.delivered += 1
        if outcome.ok or digest is None:
            for heir in heirs:  # that took over what waited for this one
                heir.parcels = [one for one in heir.parcels if one.number != parcel.number]
            outbox.drop_parcel(parcel)
        elif not heirs:
            outbox.refuse_parcel(parcel, self._machine.now(), MAX_REFUSED)
        outbox.put_alert(desk.settings.name, desk.row)
        tellings = digest.tellings if digest is not None else ()
        text = tellings[0].line if tellings else ""
        if len(tellings) > 1:
            text = f"{text} (and {len(tellings) - 1} more)"
        kind = "delivered" if outcome.ok else "refused"
        self._say(kind, desk, road, len(tellings), text, "" if outcome.ok else outcome.text)

    def _say(self, kind: str, desk: Desk, road: Road, edges: int, text: str, error: str) -> None:
        self._machine.tell(
            {
                "type": kind,
                "alert": desk.settings.name,
                "receiver": road.receiver.label,
                "edges": edges,
                "text": text,
                "error": f"{road.receiver.label}: {error}" if error else "",
            }
        )

    # Trying out.

    def _test(self, number: int, name: str) -> None:
        desk = self._desks.get(name)
        if desk is None or not desk.roads:
            known = "; ".join(desk.settings.problems) if desk is not None else "there is no such alert"
            self._machine.tell({"type": "tested", "id": number, "ok": False, "text": f"{name}: {known}"})
            return
        trial = Trial(number, desk, self._machine.now())
        self._trials[number] = trial
        digest = trial.digest(self._machine.new_identity())
        message = self._machine.compose(digest, self._origin, desk.settings)
        for ticket, road in trial.roads.items():
            self._machine.send(("test", ticket), road.receiver, message, Trial.SECONDS)

    def _tried(self, trial: Trial, ticket: Ticket, outcome: Outcome) -> None:
        road = trial.roads[ticket[1]]
        trial.outcomes[ticket[1]] = outcome
        if outcome.ok and self._outbox is not None:
            road.is_open()
            road.row.refused = ""
            road.hurry()
            with self._outbox:
                self._outbox.put_receiver(road.row)
                self._revive(self._outbox, [road])
        if trial.is_over:
            del self._trials[trial.number]
            ok, text = trial.verdict
            self._machine.tell({"type": "tested", "id": trial.number, "ok": ok, "text": text})

    # To the daemon.

    def _wake(self) -> None:
        self._busy_since = self._machine.now()
        self._was_idle = False

    def _report(self) -> None:
        now = self._machine.now()
        report = {name: desk.report(now) for name, desk in self._desks.items()}
        if self._outbox is not None and self._outbox.in_memory_because:
            for facts in report.values():
                facts["error"] = "; ".join(filter(None, [facts["error"], self._outbox.in_memory_because]))
        if report != self._reported:
            self._reported = report
            self._machine.tell({"type": "report", "alerts": report})


def _edge(struct: Mapping[str, object]) -> Edge | None:
    try:
        return edge_from_struct(struct)
    except ValueError:  # of a later daemon; it would be sent again and again if it were not taken
        return None


def _utc(_: float) -> float:
    return 0.0
