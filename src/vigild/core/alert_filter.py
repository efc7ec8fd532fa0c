"""Which edges an alert is told of."""

from fnmatch import fnmatchcase

from vigild.core.edges import Edge, EdgeKind, Severity
from vigild.core.frozen import frozen

EVENT_WORDS = (*(kind.value for kind in EdgeKind if kind is not EdgeKind.TEST), *Severity)
USUAL_EVENTS = ("critical", "warning", "recovered")  # what is for information only is noise at night


@frozen
class Filter:
    """`events`: patterns of kinds and severities, `!` before one excludes. `programs`, `monitors`: patterns of names.

    Where programs or monitors are named, nothing else is told of.
    """

    events: tuple[str, ...] = USUAL_EVENTS
    programs: tuple[str, ...] = ()
    monitors: tuple[str, ...] = ()

    def begins(self, edge: Edge) -> bool:
        """Is the beginning of this trouble to be told?"""
        return self._wants(edge, (edge.kind.value, edge.severity.value)) and self._is_about(edge)

    def tells_ends(self, begun: Edge) -> bool:
        """Is the end of a trouble to be told that began with `begun`?"""
        return self._wants(begun, (EdgeKind.RECOVERED.value,))

    def _wants(self, edge: Edge, words: tuple[str, ...]) -> bool:
        if edge.kind is EdgeKind.TEST:
            return True
        wanted = False
        for pattern in self.events:
            excludes = pattern.startswith("!")
            if any(matches_word(pattern.removeprefix("!"), word) for word in words):
                if excludes:
                    return False
                wanted = True
        return wanted or all(pattern.startswith("!") for pattern in self.events)

    def _is_about(self, edge: Edge) -> bool:
        if edge.kind is EdgeKind.TEST or not (self.programs or self.monitors):
            return True
        if edge.source == "monitor":
            return matches_name(self.monitors, edge.name)
        return edge.source in ("program", "listener") and matches_name(self.programs, edge.name)


def matches_word(pattern: str, word: str) -> bool:
    """Does a pattern of `events` stand for this kind or severity?"""
    return fnmatchcase(word, pattern)


def matches_name(patterns: tuple[str, ...], name: str) -> bool:
    """Does one of them stand for the name? One without a colon stands for whole groups, too."""
    group, colon, _member = name.partition(":")
    return any(
        fnmatchcase(name, pattern) or bool(colon and ":" not in pattern and fnmatchcase(group, pattern))
        for pattern in patterns
    )
