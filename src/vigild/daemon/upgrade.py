"""Executing the daemon anew, in place: the same process, its children still its children, other code.

    check      the code that is installed now is started with `--check`: does it import, can it read the configuration?
    hold       no request is begun any more; clients wait in the kernel's queues
    settle     what is being answered is answered, for `SETTLE_SECONDS` at most
    hand over  ledger and descriptors into a file in memory (`host/handover.py`); signals wait
    exec       the new image takes over (`daemon/lineage.py`, `daemon/main.py`), and serves who waited

Everything up to the exec can be taken back, and is when the check finds a fault, when the kernel refuses the exec,
and when the daemon is told to end meanwhile: nothing is let go of before there is somebody who has it.
"""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from vigild.core.errors import Fault, VigilError
from vigild.daemon.lineage import Image
from vigild.daemon.succession import DIRECTORY
from vigild.engine.ports import Log
from vigild.host.handover import HANDOVER_FORMAT, HANDOVER_VARIABLE, Package
from vigild.host.helper_process import HelperProcesses

if TYPE_CHECKING:
    from vigild.fronts.serving.server import Server

CHECK_SECONDS = 60.0
SETTLE_SECONDS = 2.0
_OK = re.compile(r"^OK: Vigil (?P<version>\S+) on Python \S+, handover (?P<format>\d+)$", re.MULTILINE)
# These are the consequences of a defect, not messages: blocked, they would make it invisible.
_NEVER_BLOCKED = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGTRAP}


class Upgrade:
    """One attempt at a time.

    `pack` fills the package; `go_on` is called when there was no exec after all; `may_go_on` says whether the
    daemon is not about to end.
    """

    def __init__(
        self,
        image: Image,
        helpers: HelperProcesses,
        log: Log,
        *,
        pack: Callable[[], Package],
        go_on: Callable[[], None],
        may_go_on: Callable[[], bool],
    ) -> None:
        self._image = image
        self._helpers = helpers
        self._log = log
        self._pack = pack
        self._go_on = go_on
        self._may_go_on = may_go_on
        self._under_way = False
        self._task: asyncio.Task[None] | None = None
        self.error = ""  # why the last one failed after its code had been found fit

    def claim(self, pid: int, wait_status: int) -> bool:
        """A child was reaped: True if it was the check."""
        return self._helpers.claim(pid, wait_status)

    async def begin(self, servers: Sequence["Server"]) -> None:
        """Check, and carry it out once this has returned. Raises VigilError (FAILED): all is as before."""
        if self._under_way:
            raise VigilError(Fault.FAILED, "another upgrade is under way")
        self._under_way = True
        try:
            version = await self._check()
            if not self._may_go_on():
                raise VigilError(Fault.SHUTDOWN_STATE)
        except BaseException as error:
            self._under_way = False
            if isinstance(error, VigilError):
                self._log.critical(f"not upgraded, going on as before: {error.detail or error}")
            raise
        self._log.info(f"upgrading in place, to Vigil {version}")
        self.error = ""
        for server in servers:
            server.hold()
        self._task = asyncio.get_running_loop().create_task(self._carry_out(servers))

    # -- the check ---------------------------------------------------------------------------------

    async def _check(self) -> str:
        """The version that would come. Raises VigilError."""
        image = self._image
        if not image.executable or not image.directory:
            what = "Python that runs it" if not image.executable else "directory it was started in"
            raise _unfit(f"the daemon could not tell the {what} when it was started; restart it instead")
        try:
            outcome = await self._helpers.run(
                [*image.argv, "--check"],
                directory=image.directory,
                environment=image.environment,
                seconds=CHECK_SECONDS,
            )
        except OSError as error:
            raise _unfit(_unstartable(error, image)) from None
        words = outcome.output.decode("utf-8", "replace").strip()
        if outcome.wait_status is None:
            self._log.info(f"what the check said until then: {words or 'nothing'}")
            raise _unfit(f"the check of the new code did not end within {CHECK_SECONDS:g} seconds")
        found = _OK.search(words)
        if outcome.wait_status or found is None:
            raise _unfit(self._reason(words, outcome.wait_status))
        if int(found["format"]) != HANDOVER_FORMAT:
            raise _unfit(
                f"Vigil {found['version']} takes over in another way than this one hands over; restart instead"
            )
        return found["version"]

    def _reason(self, words: str, wait_status: int) -> str:
        if words.startswith("Traceback "):
            self._log.info(f"the check of the new code failed:\n{words}")
            return f"the new code cannot be loaded: {words.rpartition(chr(10))[2]}"
        words = re.sub(r"\nFor help, use .*\Z", "", words).removeprefix("Error: ")
        return words or f"the check of the new code ended with wait status {wait_status}"

    # -- the exec ----------------------------------------------------------------------------------

    async def _carry_out(self, servers: Sequence["Server"]) -> None:
        try:
            await asyncio.gather(*(server.settle(SETTLE_SECONDS) for server in servers))
            if self._may_go_on():
                self._execute()
            else:
                self.error = "the daemon was told to end"
        except Exception as error:
            reason = f"{error.strerror}: {error.filename}" if isinstance(error, OSError) else repr(error)
            self.error = f"the new image could not be executed: {reason}"
            self._log.critical(f"{self.error}; going on as before")
        finally:  # there was no exec
            for server in servers:
                server.resume()
            self._under_way = False
            self._go_on()

    def _execute(self) -> None:
        """Become the new image. Returns only by raising; then all is as it was."""
        image = self._image
        before = os.open(
            ".", os.O_CLOEXEC | getattr(os, "O_PATH", os.O_RDONLY)
        )  # where it is may have no name
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - _NEVER_BLOCKED)
        package: Package | None = None
        fd = -1
        try:
            package = self._pack()
            package.note("signal_mask", ",".join(str(int(signum)) for signum in mask).encode())
            package.add(DIRECTORY, "", before)
            fd = package.seal()
            sys.stdout.flush()
            sys.stderr.flush()
            os.chdir(image.directory)
            os.execve(image.executable, image.argv, {**image.environment, HANDOVER_VARIABLE: str(fd)})
        finally:
            if package is not None:
                package.unseal()
            if fd >= 0:
                os.close(fd)
            os.fchdir(before)
            os.close(before)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _unstartable(error: OSError, image: Image) -> str:
    what = f"cannot start {error.filename or image.executable}: {error.strerror}"
    if isinstance(error, PermissionError):
        return (
            f"{what}; the new code is run by the user that this daemon has become (uid {os.geteuid()}): "
            "make Python and Vigil readable for it, or restart the daemon instead"
        )
    return (
        f"{what}; was the installation (a virtual environment, perhaps) moved or removed? "
        "Put it back there, or restart the daemon from its new place"
    )


def _unfit(reason: str) -> VigilError:
    return VigilError(Fault.FAILED, reason)
