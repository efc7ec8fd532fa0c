"""Every real configuration resolves as Supervisor 4.3 resolves it, option for option, or is refused as there."""

import json
import os
from typing import Any

import pytest

from config.corpus_support import (
    CORPUS,
    HOST_NODE_NAME,
    NUMBERS,
    DebianAccounts,
    errors,
    spelled_config,
    with_here,
)
from vigild.config.control import load_control
from vigild.config.diagnostics import has_errors
from vigild.config.load import Loaded, load

# What a bare Debian with Python has of the directories that the files name; the oracle ran on such a one.
DIRECTORIES = {
    "/", "/bin", "/dev", "/dev/fd", "/dev/pts", "/dev/shm", "/etc", "/home", "/opt", "/proc", "/proc/1",
    "/proc/1/fd", "/proc/self", "/proc/self/fd", "/root", "/run", "/srv", "/tmp", "/usr", "/usr/bin",
    "/usr/local", "/usr/local/bin", "/var", "/var/lib", "/var/lock", "/var/log", "/var/mail", "/var/opt",
    "/var/run", "/var/spool", "/var/tmp", ".", "..",
}  # fmt: skip

# Files that Supervisor dies on without a message, and which Vigil reads: bytes that are not UTF-8.
ACCEPTED_HERE = {"043"}


def test_the_corpus_is_there() -> None:
    if not NUMBERS:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no corpus at {CORPUS}")
        pytest.skip(f"no corpus at {CORPUS}")
    assert len(NUMBERS) > 200


def load_as(path: str, environ: dict[str, str], patched: list[str]) -> Loaded:
    def is_directory(directory: str) -> bool:
        if "dir-checks" in patched:
            return True
        if directory in str(CORPUS) or directory.startswith(str(CORPUS)):
            return os.path.isdir(directory)
        return directory.rstrip("/") in DIRECTORIES

    def why_not_importable(spec: str) -> str:
        return "" if "import_spec" in patched else f"no module named {spec.partition(':')[0]}"

    return load(
        path,
        environ=environ,
        accounts=DebianAccounts(),
        host_node_name=HOST_NODE_NAME,
        uid=0,
        is_directory=is_directory,
        why_not_importable=why_not_importable,
    )


def told(number: str) -> dict[str, Any]:
    """What Supervisor made of a file."""
    with open(CORPUS / f"{number}.json", encoding="utf-8") as file:
        outcome: dict[str, Any] = with_here(json.load(file), str(CORPUS))
    return outcome


@pytest.fixture
def expected(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(CORPUS)
    return told(request.param)


RESOLVED = [number for number in NUMBERS if number not in ACCEPTED_HERE]
SEEN_BY_A_CLIENT = [number for number in NUMBERS if "supervisorctl" in told(number)]


@pytest.mark.parametrize("expected", NUMBERS, indirect=True)
def test_an_unmodified_file_is_accepted_or_refused_as_by_supervisor(expected: dict[str, Any]) -> None:
    environ = {**expected["env"]}
    for change in expected["steps"]:
        if change["then"].startswith("env "):  # the unmodified file met the placeholder
            name = change["then"][4:].partition("=")[0]
            environ[name] = "x-" + name.lower()

    accepted_here = expected["file"][:3] in ACCEPTED_HERE
    loaded = load_as(f"{CORPUS}/{expected['file']}", environ, ["dir-checks"] if accepted_here else [])

    if "ok" in expected["base"] or accepted_here:
        assert errors(loaded) == []
        assert loaded.config is not None
    else:
        assert errors(loaded) != []
        assert loaded.config is None


@pytest.mark.parametrize("expected", RESOLVED, indirect=True)
def test_a_file_resolves_as_by_supervisor(expected: dict[str, Any]) -> None:
    loaded = load_as(f"{CORPUS}/{expected['input']}", expected["env"], expected["patched"])

    if "error" in expected:
        assert loaded.config is None
        return
    assert errors(loaded) == []
    assert loaded.config is not None
    assert with_here(spelled_config(loaded.config), str(CORPUS)) == expected["config"]
    assert list(loaded.warnings) == expected.get("warnings", [])
    assert list(loaded.infos) == expected.get("infos", [])
    assert loaded.criticals == ()


@pytest.mark.parametrize("expected", SEEN_BY_A_CLIENT, indirect=True)
def test_supervisorctl_reads_a_file_as_supervisors_does(expected: dict[str, Any]) -> None:
    client = expected["supervisorctl"]

    control, findings = load_control(f"{CORPUS}/{expected['input']}", environ=expected["env"])

    if "error" in client:
        plugin_missing = "cannot be resolved" in client["error"]  # we import plugins later, in the client
        assert has_errors(findings) != plugin_missing
        return
    assert findings == ()
    assert client == {
        "serverurl": with_here(control.server_url, str(CORPUS)),
        "username": control.username,
        "password": control.password,
        "prompt": control.prompt,
        "history_file": with_here(control.history_file, str(CORPUS)),
        "plugins": ["default", *(name for name, _factory, _options in control.plugins)],
    }
