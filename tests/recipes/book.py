"""The recipes of `docs/recipes`, as the tests use them: the page's blocks become files, and a daemon runs them.

A block whose first line reads `LANGUAGE NAME` is the file NAME. Blocks in ini are written as they stand, because
the configuration language itself expands `%(ENV_RECIPE_DIR)s`; in the other ones exactly this spelling is replaced.
"""

import os
import pwd
import re
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from support.daemon import Daemon, Outcome, bin_dir, family, wait_gone
from support.ports import free_port
from support.until import DEADLINE_SECONDS, until

DOCS = Path(__file__).resolve().parents[2] / "docs" / "recipes"
BLOCK = re.compile(r"^```(?P<language>\w+) (?P<name>\S+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
SBIN = ("/usr/sbin", "/usr/local/sbin", "/sbin")
# Where an environment keeps what was installed into it: everything but the standard library.
SHOW_PACKAGES = "import sys; print(*(p for p in sys.path if p and not p.startswith(sys.base_prefix)))"
# A first start with a cold cache on a busy machine: servers that recover or compile take their time.
SERVER_DEADLINE_SECONDS = 2 * DEADLINE_SECONDS


@dataclass(frozen=True)
class Block:
    """One file of a recipe."""

    language: str
    name: str
    text: str


def blocks(page: str) -> list[Block]:
    """The named blocks of `docs/recipes/PAGE.md`, in order."""
    text = (DOCS / f"{page}.md").read_text()
    return [Block(m["language"], m["name"], m["text"]) for m in BLOCK.finditer(text)]


def missing(reason: str) -> None:
    """Skip for `reason`; in CI, where everything is installed, fail for it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI may not skip: {reason}")
    pytest.skip(reason)


def need(package: str, *names: str) -> str:
    """The path of the first of the commands that exists; `package` is named when none does."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *SBIN))
    for name in names:
        found = (
            sorted(str(p) for p in Path("/").glob(name[1:]))
            if name.startswith("/")
            else [shutil.which(name, path=path)]
        )
        if found and found[-1]:
            return found[-1]
    missing(f"needs the package {package} (scripts/install_recipes.sh)")
    raise AssertionError


def need_root(why: str) -> None:
    """Skip without root."""
    if os.geteuid() != 0:
        missing(f"needs root: {why}")


@dataclass
class Kitchen:
    """A directory in which one recipe is laid out and run."""

    dir: Path
    port: int = field(default_factory=free_port)

    @property
    def values(self) -> dict[str, str]:
        """What the placeholders stand for."""
        return {"RECIPE_DIR": str(self.dir), "RECIPE_PORT": str(self.port)}

    def lay_out(self, page: str) -> str:
        """Write the page's files here; the text of the main configuration file."""
        written = {b.name: self._filled(b) for b in blocks(page)}
        if "supervisord.conf" not in written:
            (frame,) = blocks("README")
            written[frame.name] = frame.text
        for name, text in written.items():
            path = self.dir / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return written["supervisord.conf"]

    def _filled(self, block: Block) -> str:
        text = block.text
        if block.language != "ini":
            for name, value in self.values.items():
                text = text.replace(f"%(ENV_{name})s", value)
        return text

    @contextmanager
    def running(
        self, page: str, *, environment: Mapping[str, str] | None = None, **options: object
    ) -> Iterator[Daemon]:
        """The recipe under a daemon, which is gone afterwards. `environment`: more than the placeholders."""
        conf_text = self.lay_out(page)
        path = os.pathsep.join((str(self.bin), str(bin_dir()), os.environ.get("PATH", os.defpath), *SBIN))
        env = {**self.values, **(environment or {}), "PATH": path}
        daemon = Daemon(self.dir, conf_text, env=env, **options)  # type: ignore[arg-type]
        try:
            yield daemon.start()
        finally:
            daemon.stop()

    @property
    def bin(self) -> Path:
        """The first directory in PATH of what runs here."""
        return self.dir / "bin"

    def command(self, name: str, target: str) -> None:
        """Let the configuration find `target` under a name of its own in PATH."""
        self.bin.mkdir(exist_ok=True)
        (self.bin / name).symlink_to(target)

    def lend(self, user: str, *commands: str) -> None:
        """Let `user` run these commands under test, and `python`.

        The Python that runs the tests may lie where other users cannot reach it (root's home, say). The same
        scripts then run by the system's Python, with the packages of the tested environment.
        """
        if may_run(user, str(bin_dir() / "python"), "-c", ""):
            return
        modern = "import sys; sys.exit(sys.version_info < (3, 11))"
        python = need("python3", "/usr/bin/python3")
        if not may_run(user, python, "-c", modern):
            missing(f"needs a Python 3.11 or later that the user {user} may run (package python3)")
        self.command("python", python)
        packages = run(str(bin_dir() / "python"), "-c", SHOW_PACKAGES).out.split()
        for name in commands:
            _, script = (bin_dir() / name).read_text().split("\n", 1)
            (self.bin / name).write_text(f"#!{python}\nimport sys\nsys.path[1:1] = {packages}\n{script}")
            (self.bin / name).chmod(0o755)

    def directory(self, name: str, user: str | None = None) -> Path:
        """A directory here that belongs to `user`."""
        path = self.dir / name
        path.mkdir()
        if user is not None:
            shutil.chown(path, user, user)
        return path

    def read(self, name: str) -> str:
        """The text of a file here; empty while it does not exist."""
        path = self.dir / name
        return path.read_text(errors="replace") if path.exists() else ""

    def http(self, path: str = "/", body: bytes | None = None) -> str:
        """The text that the server on `port` answers; empty when it does not answer 2xx."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.HTTPError as error:
            error.close()
            return ""
        except OSError:
            return ""


def may_run(user: str, *command: str) -> bool:
    """True when `user` can run the command and it succeeds."""
    try:
        return run(*command, user=user, cwd=Path("/")).code == 0
    except PermissionError:
        return False


def run(*command: str, user: str | None = None, cwd: Path | None = None) -> Outcome:
    """Run a client or a tool to its end."""
    done = subprocess.run(
        command,
        user=user,
        group=None if user is None else pwd.getpwnam(user).pw_gid,
        extra_groups=None if user is None else [],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=3 * DEADLINE_SECONDS,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def lives_a_full_life(
    daemon: Daemon, name: str, serves: Callable[[], bool], crash: Callable[[int], None] | None = None
) -> None:
    """Start, serve, restart, crash, come back, stop cleanly, start again: what every server of a recipe must do."""
    line = daemon.wait_state(name, "RUNNING", timeout=SERVER_DEADLINE_SECONDS)
    assert re.fullmatch(rf"{re.escape(name)} +RUNNING   pid \d+, uptime \d+:\d\d:\d\d", line), line
    wait_serving(daemon, serves)
    first = daemon.pid(name)

    assert daemon.ctl("restart", name) == Outcome(
        0, f"{name}: stopped\n{name}: started\n".replace(*bare(name)), ""
    )
    wait_serving(daemon, serves)
    second = daemon.pid(name)
    assert second not in (0, first)

    (crash or kill_group)(second)
    comes_back(daemon, name, second, serves)

    stops_cleanly(daemon, name, serves)
    assert daemon.ctl("start", name).code == 0
    wait_serving(daemon, serves)
    stops_cleanly(daemon, name, serves)


def bare(name: str) -> tuple[str, str]:
    """supervisorctl answers `start group:process` with the name as it lists it: `name:name` is `name`."""
    group, _, process = name.partition(":")
    return (name, process) if group == process else (name, name)


def wait_serving(daemon: Daemon, serves: Callable[[], bool]) -> None:
    """Wait until the client gets its answer; fail with what the daemon has to say."""
    try:
        until(serves, SERVER_DEADLINE_SECONDS, "an answer of the server")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{daemon.ctl('status').out}\n{daemon.words()}") from None


def kill_main(pid: int) -> None:
    """The main process alone dies."""
    psutil.Process(pid).kill()


def kill_group(pid: int) -> None:
    """The program dies with its children, as when the kernel kills a whole group for its memory."""
    for process in family(pid):
        process.kill()


def comes_back(daemon: Daemon, name: str, old: int, serves: Callable[[], bool]) -> int:
    """Wait until another process of this name runs and serves; its pid."""
    new = until(lambda: (pid := daemon.pid(name)) != old and pid, what=f"a successor of {old}")
    wait_serving(daemon, serves)
    daemon.wait_state(name, "RUNNING", timeout=SERVER_DEADLINE_SECONDS)
    return int(new)


def stops_cleanly(daemon: Daemon, name: str, serves: Callable[[], bool]) -> None:
    """`supervisorctl stop` ends the program and everything it started, by its stop signal and not by KILL."""
    everything = family(daemon.pid(name))
    assert everything
    assert daemon.ctl("stop", name) == Outcome(0, f"{bare(name)[1]}: stopped\n", "")
    wait_gone(everything)
    assert re.fullmatch(rf"{re.escape(name)} +STOPPED   \w{{3}} \d\d \d\d:\d\d (AM|PM)", daemon.status(name))
    assert not serves()
    assert "with SIGKILL" not in daemon.log()
