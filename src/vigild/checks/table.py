"""From the type of a monitor to the check behind it. What a type needs is imported when there is one of it."""

from vigild.checks.reading import Check, Memory, Settings


def make_check(kind: str, settings: Settings, memory: Memory, timeout_seconds: float) -> Check:
    """The check of a type of `core.monitors`. Raises ValueError for one that it does not have."""
    match kind:
        case "system":
            from vigild.checks.system import SystemCheck

            return SystemCheck()
        case "filesystem":
            from vigild.checks.filesystem import FilesystemCheck

            return FilesystemCheck(settings)
        case "file":
            from vigild.checks.files import FileCheck

            return FileCheck(settings, memory)
        case "directory":
            from vigild.checks.files import DirectoryCheck

            return DirectoryCheck(settings)
        case "host":
            from vigild.checks.hosts import HostCheck

            return HostCheck(settings, timeout_seconds)
        case "program":
            from vigild.checks.programs import ProgramCheck

            return ProgramCheck(settings, timeout_seconds)
        case "network":
            from vigild.checks.network import NetworkCheck

            return NetworkCheck(settings)
        case "process":
            from vigild.checks.processes import ProcessCheck

            return ProcessCheck(settings)
        case _:
            raise ValueError(f"there are no monitors of type {kind!r}")
