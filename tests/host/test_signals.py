"""Signals through the pipe: told once a wake-up, none lost in a flood or between two lives."""

import asyncio
import os
import signal

from support.until import DEADLINE_SECONDS
from vigild.host.signals import SignalPipe


def test_each_kind_is_told_once_and_a_flood_drowns_nobody() -> None:
    told: list[str] = []

    async def main() -> None:
        pipe = SignalPipe(asyncio.get_running_loop())
        done = asyncio.Event()
        pipe.on(signal.SIGUSR1, lambda: told.append("USR1"))
        pipe.on(signal.SIGUSR2, lambda: (told.append("USR2"), done.set()))  # type: ignore[func-returns-value]
        pipe.resume()
        for _ in range(3000):
            os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        await asyncio.wait_for(done.wait(), DEADLINE_SECONDS)
        pipe.close()

    asyncio.run(main())
    assert told == ["USR1", "USR2"]
    assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL


def test_what_comes_while_it_is_paused_is_told_afterwards() -> None:
    async def main() -> None:
        pipe = SignalPipe(asyncio.get_running_loop())
        pipe.on(signal.SIGUSR1, lambda: None)
        pipe.resume()
        pipe.pause()
        os.kill(os.getpid(), signal.SIGUSR1)  # neither kills nor is lost
        done = asyncio.Event()
        pipe.on(signal.SIGUSR1, done.set)
        pipe.resume()
        await asyncio.wait_for(done.wait(), DEADLINE_SECONDS)
        pipe.close()

    asyncio.run(main())


def test_children_can_be_waited_for_again_after_close() -> None:
    async def main() -> None:
        pipe = SignalPipe(asyncio.get_running_loop())
        pipe.on(signal.SIGCHLD, lambda: None)
        pipe.close()

    asyncio.run(main())
    pid = os.posix_spawn("/bin/true", ["true"], {})
    assert os.waitpid(pid, 0)[0] == pid
