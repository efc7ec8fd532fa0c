"""What is imported when it is first needed, and when all of it has to be imported at once."""

DOTENV_MODULES = ("dotenv.parser", "dotenv.variables")  # they cost more than all that few programs need
LATE_MODULES = (
    "encodings.ascii",
    "encodings.idna",  # host names of sockets
    "encodings.latin_1",
    "ctypes",
    "datetime",
    "errno",
    "fnmatch",
    "glob",
    "grp",
    "hashlib",
    "json",
    "pwd",
    "resource",
    "shlex",
    "sqlite3",
    "termios",
    "vigild.config.alerts",
    "vigild.config.commands",
    "vigild.config.convert_alerts",
    "vigild.config.needs",
    "vigild.config.rule_text",
    "vigild.core.alert_filter",
    "vigild.core.descendants",
    "vigild.config.diff",
    "vigild.config.lint",
    "vigild.config.shown",
    "vigild.control.alerts",
    "vigild.control.graph",
    "vigild.control.inspection",
    "vigild.control.live",
    "vigild.control.lookup",
    "vigild.control.operations",
    "vigild.control.samples",
    "vigild.control.view",
    "vigild.core.program_metrics",
    "vigild.core.samples",
    "vigild.daemon.alerting",
    "vigild.control.access",
    "vigild.core.sessions",
    "vigild.daemon.admission",
    "vigild.daemon.reception",
    "vigild.daemon.status_line",
    "vigild.daemon.succession",
    "vigild.daemon.upgrade",
    "vigild.engine.alarms",
    "vigild.engine.forking",
    "vigild.engine.leftovers",
    "vigild.engine.ruling",
    "vigild.engine.sampling",
    "vigild.engine.tree_end",
    "vigild.core.health",
    "vigild.engine.watching",
    "vigild.daemon.vitals",
    "vigild.fronts.api",
    "vigild.fronts.login",
    "vigild.fronts.metrics",
    "vigild.fronts.router",
    "vigild.fronts.serving.auth",
    "vigild.fronts.serving.server",
    "vigild.fronts.serving.tls",
    "vigild.fronts.xmlrpc.interfaces",
    "vigild.host.descriptor_store",
    "vigild.host.http_probe",
    "vigild.host.inherited",
    "vigild.host.late_ssl",
    "vigild.host.memory",
    "vigild.host.notifications",
    "vigild.host.sampler",
    "vigild.host.setup",
    "vigild.host.store.oom",
    "vigild.host.store.sample_table",
    "vigild.host.store.store",
    "vigild.host.store.writer",
    "vigild.host.systemd",
    "vigild.host.take_descriptor",
    "vigild.host.token_file",
    "vigild.host.worker_process",
    "vigild.wire.alert_urls",
    "vigild.wire.url_lists",
    "vigild.wire.url_parts",
    *DOTENV_MODULES,
)


def import_late_modules(*, dotenv: bool = True) -> None:
    """Import now whatever is otherwise imported when it is first needed; `dotenv` only where it is used already.

    For a daemon that gives up root: the new user may not be able to read the Python that runs it (one in
    a home directory of mode 0700, say), and would fail at its first late import, in the middle of its life.
    """
    from importlib import import_module

    for name in LATE_MODULES:
        if dotenv or name not in DOTENV_MODULES:
            import_module(name)
