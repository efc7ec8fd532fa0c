"""A duplicate of what another process has open: `pidfd_getfd(2)`, Linux 5.6 and later.

The kernel asks for what it asks of a debugger (`PTRACE_MODE_ATTACH_REALCREDS`): the same user, and neither
Yama nor a container's seccomp profile against it; or root with CAP_SYS_PTRACE.
"""

import ctypes
import errno
import os

SYS_PIDFD_GETFD = 438  # the same number on every architecture


def take_descriptor(pid: int, fd: int) -> int:
    """Our own descriptor of what `fd` of process `pid` is. Raises OSError."""
    if not hasattr(os, "pidfd_open"):
        raise OSError(errno.ENOSYS, "this system has no pidfd_getfd")
    pidfd = os.pidfd_open(pid)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        taken = libc.syscall(
            ctypes.c_long(SYS_PIDFD_GETFD), ctypes.c_int(pidfd), ctypes.c_int(fd), ctypes.c_uint(0)
        )
        if taken < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return int(taken)  # close-on-exec, as the kernel makes it
    finally:
        os.close(pidfd)
