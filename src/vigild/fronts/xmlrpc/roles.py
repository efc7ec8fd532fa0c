"""Which role each method needs. A method that is not in the table, one of an extra interface say, needs an admin."""

from vigild.core.access import Role

_LOOKING = """
supervisor.getAPIVersion supervisor.getVersion supervisor.getSupervisorVersion supervisor.getIdentification
supervisor.getState supervisor.getPID supervisor.readLog supervisor.readMainLog supervisor.getProcessInfo
supervisor.getAllProcessInfo supervisor.getAllConfigInfo supervisor.readProcessLog supervisor.readProcessStdoutLog
supervisor.readProcessStderrLog supervisor.tailProcessLog supervisor.tailProcessStdoutLog
supervisor.tailProcessStderrLog
system.listMethods system.methodHelp system.methodSignature system.multicall
vigil.getDaemonInfo vigil.getProcessInfo vigil.getAllProcessInfo vigil.getHistory vigil.getAlerts
vigil.getSamples vigil.watchSamples
vigil.getMonitors vigil.getForwards
"""
_OPERATING = """
supervisor.startProcess supervisor.startProcessGroup supervisor.startAllProcesses
supervisor.stopProcess supervisor.stopProcessGroup supervisor.stopAllProcesses
supervisor.signalProcess supervisor.signalProcessGroup supervisor.signalAllProcesses
supervisor.sendProcessStdin supervisor.sendRemoteCommEvent
supervisor.clearProcessLog supervisor.clearProcessLogs supervisor.clearAllProcessLogs
vigil.testAlert vigil.testForward
vigil.monitorNow vigil.setMonitor vigil.setSchedule
"""
_ADMINISTERING = """
supervisor.clearLog supervisor.shutdown supervisor.restart supervisor.reloadConfig supervisor.addProcessGroup
supervisor.removeProcessGroup vigil.upgrade vigil.getTokens vigil.createToken vigil.revokeToken
"""
# What is about the daemon, or about all programs at once without the names of them. Not for tokens that are for some.
_ABOUT_ALL = """
supervisor.readLog supervisor.readMainLog supervisor.getAllConfigInfo
supervisor.sendRemoteCommEvent vigil.getAlerts vigil.testAlert vigil.getMonitors vigil.monitorNow vigil.setMonitor
vigil.getForwards vigil.testForward
"""

ROLES: dict[str, Role] = {
    **dict.fromkeys(_LOOKING.split(), Role.VIEWER),
    **dict.fromkeys(_OPERATING.split(), Role.OPERATOR),
    **dict.fromkeys(_ADMINISTERING.split(), Role.ADMIN),
}
"""By the full name in the namespace that Supervisor gives it."""


ABOUT_ALL = frozenset([*_ABOUT_ALL.split(), *_ADMINISTERING.split()])


def role_of(method: str) -> Role:
    """What a caller of this full name must be. `system.multicall` asks again for each call in it."""
    return ROLES.get(method, Role.ADMIN)
