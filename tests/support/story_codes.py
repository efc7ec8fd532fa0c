"""Every code that a sentence of a failure's story can have: whoever keeps words for them needs one for each."""

from vigild.core.story import REASONS, SIGNALS, STATUSES

_EXPLAINED = {
    *("signal", "SIGKILL", "out_of_memory", "unseen", "status", "missing", "not_allowed", "not_started"),
    *(*SIGNALS, *REASONS, *(f"status_{status}" for status in STATUSES)),
}
STORY_CODES = {
    *(f"{part}.{code}" for part in ("meaning", "try") for code in _EXPLAINED),
    *("failed", "not_started", "ended", "first", "before", "restarted", "started", "running", "gave_up"),
    *("stopped", "flapping", "ended_unseen", "nothing", "line", "no_output", "by_hand", "start_it", "look"),
}
