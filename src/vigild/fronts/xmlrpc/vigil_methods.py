"""The `vigil.*` methods: what Supervisor's interface has no word for. Nothing of `supervisor.*` changes by them."""

from vigild.control.facade import Control
from vigild.fronts.xmlrpc.alert_methods import alert_methods
from vigild.fronts.xmlrpc.forward_methods import forward_methods
from vigild.fronts.xmlrpc.history_method import history_method
from vigild.fronts.xmlrpc.method import Method, Param, text, truth
from vigild.fronts.xmlrpc.monitor_methods import monitor_methods
from vigild.fronts.xmlrpc.sample_methods import FIELDS, sample_methods
from vigild.fronts.xmlrpc.token_methods import token_methods

NAMESPACE = "vigil"

_PROCESS = Param("name", "string", "The process: NAME or GROUP:NAME", text)


def vigil_methods(control: Control) -> list[Method]:
    """All of them; names without the namespace."""

    async def upgrade() -> bool:
        await control.daemon.upgrade()
        return True

    return [
        Method(
            "upgrade",
            "Execute the daemon anew, with the code and the configuration that are there now. No process is touched.\n"
            "Answered when the new code has been found fit, just before it takes over; the next answer is its own.\n"
            "When it would not come up, the fault FAILED says why, and the daemon goes on as before.",
            "boolean",
            "Always true; what goes wrong is a fault",
            upgrade,
        ),
        Method(
            "getDaemonInfo",
            "Tell what the daemon knows of itself.",
            "struct",
            "string version, string python, int pid, int generation (how often it was upgraded in place), "
            "int started (seconds since the epoch), int adopted (processes taken over when this image began), "
            "boolean survives (whether a crash of the daemon leaves programs and output unharmed), string survival "
            "(why not, if it does not), string upgrade_error (why the last upgrade failed after it was found fit)",
            control.daemon.facts,
        ),
        Method(
            "getProcessInfo",
            "Tell how a process is, with what supervisor.getProcessInfo has no field for.",
            "struct",
            "As supervisor.getProcessInfo, and: string wanted (up, down), boolean exit_known (exitstatus was seen, not made "
            "up), boolean adopted (another daemon, or another image of this one, started what runs), string spawn_id "
            "(VIGIL_SPAWN_ID of all that descends from it), boolean flapping, int restarts (by themselves, within the "
            "window of flapping), int restart_count (by itself, since the daemon began), boolean ready (RUNNING, and not being ended), string health (healthy, unhealthy, unknown; empty "
            "without a healthcheck), int health_since (seconds since the epoch), int health_failures (in a row), string "
            "health_answer (the last), double health_latency_ms, string status_text (STATUS of sd_notify), "
            "string schedule (the cron expression; empty without one), string schedule_timezone (empty: the machine's), boolean "
            "schedule_paused, int schedule_next, int schedule_last_start, int schedule_last_end (seconds since the epoch, 0 for never), string "
            "schedule_outcome (succeeded, failed, stopped; empty while it runs), string schedule_outcome_text, "
            "array waiting_for (structs of string name, string condition, string trouble: of what it depends "
            "on, that which is not as it has to be, and why it may never be), array left_behind (structs of int pid, string name: what lives of what it left behind). Where a sample of what runs was "
            f"taken, of its whole tree, and what the machine tells of it: {FIELDS}",
            control.processes.facts,
            (_PROCESS,),
        ),
        Method(
            "getAllProcessInfo",
            "Tell how every process is, in the same way.",
            "array",
            "One struct a process, as from vigil.getProcessInfo, sorted by group and name",
            control.processes.all_facts,
        ),
        _schedule_method(control),
        history_method(control),
        *sample_methods(control),
        *alert_methods(control),
        *token_methods(control),
        *monitor_methods(control),
        *forward_methods(control),
    ]


def _schedule_method(control: Control) -> Method:
    def set_schedule(name: str, enabled: bool) -> bool:
        control.processes.set_schedule(name, enabled)
        return True

    return Method(
        "setSchedule",
        "Let the schedule of a process start it, or do not until somebody says so. What is due meanwhile is not made up for.",
        "boolean",
        "Always true",
        set_schedule,
        (_PROCESS, Param("enabled", "boolean", "Whether its schedule starts it", truth)),
    )
