"""Names that some import from here instead of from `supervisor.states`. Processes themselves are not here."""

from supervisor.states import ProcessStates, getProcessStateDescription

__all__ = ["ProcessStates", "getProcessStateDescription"]
