"""Advice about a configuration: what people get wrong, and regret. Only `vigil check` imports this.

It looks at what the daemon's own reader made of the file, never at the text by itself, so the two cannot
disagree. Each check is a generator of findings over a `Subject`.
"""

from collections.abc import Mapping
from dataclasses import replace

from vigild.config.diagnostics import Diagnostic
from vigild.config.lint_alerts import ALERT_CHECKS
from vigild.config.lint_dependencies import DEPENDENCY_CHECKS
from vigild.config.lint_forwards import FORWARD_CHECKS
from vigild.config.lint_health import HEALTH_CHECKS
from vigild.config.lint_limits import LIMIT_CHECKS
from vigild.config.lint_listeners import LISTENER_CHECKS
from vigild.config.lint_logs import LOG_CHECKS
from vigild.config.lint_monitors import MONITOR_CHECKS
from vigild.config.lint_programs import PROGRAM_CHECKS
from vigild.config.lint_restarts import RESTART_CHECKS
from vigild.config.lint_schedule import SCHEDULE_CHECKS
from vigild.config.lint_servers import SERVER_CHECKS
from vigild.config.lint_subject import PROGRAM_KINDS, Check, subject_of
from vigild.config.load import Loaded
from vigild.config.options import kind_of

CHECKS: tuple[Check, ...] = (
    *PROGRAM_CHECKS,
    *RESTART_CHECKS,
    *DEPENDENCY_CHECKS,
    *HEALTH_CHECKS,
    *LIMIT_CHECKS,
    *SCHEDULE_CHECKS,
    *LISTENER_CHECKS,
    *LOG_CHECKS,
    *MONITOR_CHECKS,
    *SERVER_CHECKS,
    *ALERT_CHECKS,
    *FORWARD_CHECKS,
)


def lint(loaded: Loaded, *, environ: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """Everything there is to say about a load: its own findings and the checks', by file and line."""
    found = [_strictly(finding) for finding in loaded.diagnostics]
    if loaded.draft is not None:
        subject = subject_of(loaded.draft.path, loaded.document, loaded.draft, environ)
        for check in CHECKS:
            found.extend(check(subject))
    order = {file: number for number, file in enumerate(loaded.files)}
    unique = dict.fromkeys(found)
    return tuple(
        sorted(unique, key=lambda item: (order.get(item.where.file, -1), item.where.line, item.code))
    )


def _strictly(finding: Diagnostic) -> Diagnostic:
    # supervisord starts with a program that is defined twice, as it always did; here it is a mistake.
    if finding.code == "V104" and kind_of(finding.section or "") in PROGRAM_KINDS:
        return replace(finding, severity="error")
    return finding
