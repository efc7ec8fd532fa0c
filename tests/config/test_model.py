"""What the model says of a process by several of its fields."""

from vigild.config.model import Probe, ProcessConfig, Scheme


def test_who_is_watched_and_who_notifies() -> None:
    tcp, notify = Probe(Scheme.TCP, "tcp://h:1", "", "h", 1), Probe()
    for changes, watched, notified in (
        ({}, False, False),
        ({"readiness": tcp}, True, False),
        ({"healthcheck": tcp}, True, False),
        ({"readiness": notify}, True, True),
        ({"watchdog_seconds": 5.0}, True, True),
    ):
        config = ProcessConfig("w", "w", **changes)  # type: ignore[arg-type]
        assert (config.is_watched, config.is_notified) == (watched, notified)
