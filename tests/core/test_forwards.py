"""How a forward stands, as a value."""

from vigild.core.forwards import ForwardCounts, ForwardInfo


def test_doors_are_told_all_of_it_on_one_level() -> None:
    counts = ForwardCounts(1, 2, 3, 4, 5, 6, 7)
    info = ForwardInfo("x", "journald:", ("web*",), ("stdout",), 2, True, "", 8, 9, counts, 1.5, "refused")
    assert info.facts() == {
        "name": "x",
        "url": "journald:",
        "programs": ["web*"],
        "channels": ["stdout"],
        "streams": 2,
        "is_running": True,
        "trouble": "",
        "waiting_lines": 8,
        "waiting_bytes": 9,
        "sent_lines": 1,
        "sent_bytes": 2,
        "sent_batches": 3,
        "dropped_lines": 4,
        "dropped_bytes": 5,
        "refused_lines": 6,
        "unsent_bytes": 7,
        "failing_since": 1.5,
        "error": "refused",
    }
