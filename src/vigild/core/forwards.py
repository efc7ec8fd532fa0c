"""How a forward stands: what became of the lines that it was to deliver."""

from vigild.core.frozen import frozen


@frozen
class ForwardCounts:
    """Since the daemon began. Lines count where a forwarder has seen them; what the daemon itself dropped is bytes."""

    sent_lines: int = 0  # and the receiver has taken them
    sent_bytes: int = 0
    sent_batches: int = 0
    dropped_lines: int = 0  # the oldest, because the buffer was full, or the forwarder died with them
    dropped_bytes: int = 0
    refused_lines: int = 0  # the receiver said no for good
    unsent_bytes: int = 0  # dropped by the daemon, because the forwarder itself was behind


@frozen
class ForwardInfo:
    """One forward. `url` hides what is secret; it is "" until a forwarder has said what it is."""

    name: str
    url: str
    programs: tuple[str, ...]  # patterns, as configured
    channels: tuple[str, ...]
    streams: int  # that are open now and go to it
    is_running: bool  # is there a forwarder now?
    trouble: str  # why there is none, if so
    waiting_lines: int  # in its buffer
    waiting_bytes: int
    counts: ForwardCounts
    failing_since: float  # in seconds since the epoch; 0: the last delivery succeeded, or there was none
    error: str  # of the last try, while it fails

    def facts(self) -> dict[str, object]:
        """All of it by name, counts included, as doors tell it."""
        fields = [*self.__dataclass_fields__, *self.counts.__dataclass_fields__]
        values = {name: getattr(self if hasattr(self, name) else self.counts, name) for name in fields}
        del values["counts"]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
