"""What one image hands to the next arrives whole, and is believed only when it is meant for us."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vigild.host import handover as handover_module
from vigild.host.handover import HANDOVER_VARIABLE, Handover, Package, receive

ENTRIES = {"process": {"web": b"state\n\x00"}, "group": {"g\udcff": b""}}


def handed(package: Package) -> Handover | None:
    return receive({HANDOVER_VARIABLE: str(package.seal())})


def test_ledger_facts_and_descriptors_arrive() -> None:
    read, write = os.pipe()
    package = Package(ENTRIES, {"generation": b"3", "version": b"0.2.0"})
    package.add("door", "unix:/a b\nc", read, b"1 2\n3")
    package.add("client", "one", write)
    package.note("more", b"yes")
    handover = handed(package)
    assert handover is not None
    assert handover.entries == ENTRIES
    assert (handover.number("generation"), handover.number("none"), handover.number("more")) == (3, 0, 0)
    assert (handover.text("version"), handover.text("none")) == ("0.2.0", "")
    (door,) = handover.take("door")
    assert (door.role, door.name, door.fd, door.data) == ("door", "unix:/a b\nc", read, b"1 2\n3")
    assert not os.get_inheritable(read)
    assert handover.take("door") == []
    assert handover.close_rest() == 1
    with pytest.raises(OSError):
        os.fstat(write)
    os.close(read)


def test_only_what_is_handed_over_is_inherited_and_only_until_it_is_known_to_have_failed() -> None:
    read, write = os.pipe()
    package = Package({}, {})
    package.add("a", "b", read)
    fd = package.seal()
    assert (os.get_inheritable(read), os.get_inheritable(write), os.get_inheritable(fd)) == (
        True,
        False,
        True,
    )
    os.close(write)
    package.unseal()
    assert (os.get_inheritable(read), os.get_inheritable(fd)) == (False, False)
    os.close(read)
    package.unseal()  # what is closed already is no trouble
    os.close(fd)


def test_it_survives_an_exec() -> None:
    code = (
        "import os, sys\n"
        "from vigild.host.handover import *\n"
        "p = Package({'k': {'key': b'v'}}, {})\n"
        "r, w = os.pipe(); os.write(w, b'in the pipe'); p.add('pipe', 'x', r)\n"
        "then = 'import os; from vigild.host.handover import receive; h = receive(os.environ); '\n"
        'then += \'print(h.entries, os.read(h.take("pipe")[0].fd, 99), "VIGIL_HANDOVER" in os.environ)\'\n'
        "os.execve(sys.executable, [sys.executable, '-c', then], {**os.environ, HANDOVER_VARIABLE: str(p.seal())})\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "{'k': {'key': b'v'}} b'in the pipe' False\n"


@pytest.mark.parametrize("word", ["", "x", "-1", "99999", "٣"])
def test_nonsense_is_no_handover(word: str) -> None:
    environ = {HANDOVER_VARIABLE: word}
    assert receive(environ) is None
    assert environ == {}


def test_no_variable_is_no_handover() -> None:
    assert receive({}) is None


def test_what_is_meant_for_another_process_is_not_believed(tmp_path: Path) -> None:
    code = "import os; from vigild.host.handover import receive; print(receive(os.environ))"
    fd = Package(ENTRIES, {}).seal()
    said = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, HANDOVER_VARIABLE: str(fd)},
        pass_fds=[fd],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == "None\n"
    os.close(fd)
    with (tmp_path / "file").open("w+b") as file:  # a file with a name may be anybody's
        assert receive({HANDOVER_VARIABLE: str(file.fileno())}) is None


def test_a_descriptor_that_is_not_open_is_left_out() -> None:
    package = Package({}, {})
    read, write = os.pipe()
    os.close(write)
    package.add("a", "b", read)
    fd = package.seal()
    os.close(read)
    handover = receive({HANDOVER_VARIABLE: str(fd)})
    assert handover is not None
    assert handover.take("a") == []


def test_another_form_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    fd = Package({}, {}).seal()
    monkeypatch.setattr("vigild.host.handover.HANDOVER_FORMAT", 99)
    assert receive({HANDOVER_VARIABLE: str(fd)}) is None
    os.close(fd)


def test_where_there_are_no_files_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover_module, "IN_MEMORY", False)
    handover = handed(Package(ENTRIES, {}))
    assert handover is not None
    assert handover.entries == ENTRIES
