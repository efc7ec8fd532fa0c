"""Run by the floor: spawn, wait and respawn; or read pipes and write rotated files; or feed one listener."""

import json
import os
import select
import signal
import sys

READ_BYTES = 65536  # what a pipe holds; larger buffers cost a mapping a read
CHILD_SIGNALS = [signal.SIGTERM, signal.SIGCHLD]


class Log:
    """A file that begins anew when it is full, keeping one backup."""

    def __init__(self, path: str, maxbytes: int) -> None:
        self.path, self.maxbytes, self.size = path, maxbytes, 0
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, data: bytes) -> None:
        os.write(self.fd, data)
        self.size += len(data)
        if self.size >= self.maxbytes:
            os.close(self.fd)
            os.rename(self.path, self.path + ".1")
            self.__init__(self.path, self.maxbytes)


def spawn(argv: list, stdout: int = -1, stdin: int = -1) -> int:
    actions = [
        (os.POSIX_SPAWN_DUP2, source, target) for source, target in ((stdin, 0), (stdout, 1)) if source >= 0
    ]
    return os.posix_spawn(argv[0], argv, os.environ, file_actions=actions, setsid=True, setsigmask=())


def keep(programs: list) -> None:
    """Spawn everything, then start again what ends, until SIGTERM."""
    children: dict = {}
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True
        for pid in list(children):
            os.kill(pid, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    for program in programs:
        for _ in range(program["copies"]):
            children[spawn(program["argv"])] = program["argv"]
    while children:
        pid, _ = os.wait()
        argv = children.pop(pid)
        if not stopping:
            children[spawn(argv)] = argv


def pump(programs: list) -> None:
    """Spawn everything with a pipe each, and copy every pipe into its rotated file."""
    waiting = select.epoll()
    logs = {}
    for program in programs:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        spawn(program["argv"], writing)
        os.close(writing)
        logs[reading] = Log(program["log"], program["maxbytes"])
        waiting.register(reading, select.EPOLLIN)
    while True:
        for reading, _ in waiting.poll():
            logs[reading].write(os.read(reading, READ_BYTES))


def feed(listener: list, events: int) -> None:
    """Speak the listener protocol: one event after the other, as fast as they are taken."""
    reading, child_out = os.pipe()
    child_in, writing = os.pipe()
    spawn(listener, child_out, child_in)
    body = b"type:bench\n" + b"x" * 20
    head = "ver:3.0 server:supervisor serial:%d pool:l poolserial:%d eventname:REMOTE_COMMUNICATION len:%d\n"
    buffered = b""
    for serial in range(events):
        while b"READY\n" not in buffered:
            buffered += os.read(reading, 4096)
        buffered = buffered[buffered.index(b"READY\n") + 6 :]
        os.write(writing, (head % (serial, serial, len(body))).encode() + body)
    while True:
        signal.pause()


def main() -> None:
    with open(sys.argv[1]) as source:
        plan = json.load(source)
    if plan["listener"]:
        feed(plan["listener"], plan["events"])
    elif plan["programs"] and plan["programs"][0]["log"]:
        pump(plan["programs"])
    else:
        keep(plan["programs"])


main()
