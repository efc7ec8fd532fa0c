"""`vigil.getMonitors` and its like: how what is monitored is."""

from vigild.control.facade import Control, Facts
from vigild.fronts.xmlrpc.method import Method, Param, text, truth

_NAME = Param("name", "string", "The monitor", text)


def monitor_methods(control: Control) -> list[Method]:
    """The rows of the table."""

    def get(name: str = "") -> list[Facts]:
        return [control.monitors.one(name)] if name else control.monitors.all()

    def look(name: str) -> bool:
        control.monitors.look(name)
        return True

    def set_enabled(name: str, enabled: bool) -> bool:
        control.monitors.set_enabled(name, enabled)
        return True

    return [
        Method(
            "getMonitors",
            "Tell how what is monitored is.",
            "array",
            "Structs in the order of the configuration: string name, string type, string state (passed, failed, unknown, "
            "disabled), double since (seconds since the epoch), double read_at (of the last reading; 0: none yet), struct "
            "values (by metric), string error (why the last look failed), string unknown_because (why nobody knows), string "
            "held_because (why it is not judged now, though somebody could), int cycles (readings since this daemon began), double interval_seconds, array rules, array raised (the rules that hold), "
            "string trouble (what was the matter when they came true)",
            get,
            (Param("name", "string", "A monitor; all, if it is empty", text, optional=True),),
        ),
        Method(
            "monitorNow",
            "Look at a monitor at once.",
            "boolean",
            "Always true; the reading comes when it comes (vigil.getMonitors)",
            look,
            (_NAME,),
        ),
        Method(
            "setMonitor",
            "Look at a monitor, or do not until somebody says so.",
            "boolean",
            "Always true",
            set_enabled,
            (_NAME, Param("enabled", "boolean", "Whether it is looked at", truth)),
        ),
    ]
