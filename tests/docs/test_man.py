"""The manual pages and the page about vigil are what the tables say, and man takes them without a warning."""

import importlib.util
import shutil
import subprocess
import tomllib
from types import ModuleType

import pytest

from support.markdown import ROOT
from vigild.cli.grammar import flatten, grammars

PAGES = (
    "vigil.1",
    "supervisord.1",
    "supervisorctl.1",
    "vigil.conf.5",
    "echo_supervisord_conf.1",
    "pidproxy.1",
    "httpok.1",
    "memmon.1",
    "crashmail.1",
    "crashmailbatch.1",
    "fatalmailbatch.1",
    "crashsms.1",
)


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_man", ROOT / "scripts" / "make_man.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES)
def test_a_manual_page_is_up_to_date(maker: ModuleType, page: str) -> None:
    assert maker.PAGES[page]() == (maker.MAN / page).read_text(encoding="utf-8"), "run scripts/make_man.py"


def test_the_reference_is_up_to_date(maker: ModuleType) -> None:
    assert maker.reference() == maker.REFERENCE.read_text(encoding="utf-8"), "run scripts/make_man.py"


def test_every_command_tells_its_exit_statuses() -> None:
    assert [each.name for each in grammars() if not each.exits.startswith("exit status: 0 ")] == []


@pytest.mark.parametrize("page", PAGES)
def test_groff_has_nothing_to_warn_of(maker: ModuleType, page: str) -> None:
    groff = shutil.which("groff")
    if groff is None:
        pytest.skip("groff is not installed")
    ended = subprocess.run(
        [groff, "-man", "-ww", "-Tutf8", "-z", str(maker.MAN / page)], capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_man_shows_every_command(maker: ModuleType) -> None:
    man = shutil.which("man")
    if man is None or shutil.which("groff") is None:
        pytest.skip("man or groff is not installed")
    ended = subprocess.run(
        [man, "-l", "-P", "cat", str(maker.MAN / "vigil.1")],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "200", "LC_ALL": "C.UTF-8", "MANROFFOPT": "-c"},
    )
    assert ended.returncode == 0
    assert [each.name for each in flatten(grammars()) if f"vigil {each.name}" not in ended.stdout] == []


def test_characters_of_roff_are_shown_as_they_are(maker: ModuleType) -> None:
    assert maker.roff(".a\\b -c…") == "\\&.a\\eb \\-c\\[u2026]"
    assert maker.roff("a `b-c` **d** *e*, [f](g.md)") == "a \\fBb\\-c\\fR \\fBd\\fR \\fIe\\fR, f"


def test_the_wheel_ships_every_page() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shipped == {f"docs/man/{page}": f"share/man/man{page[-1]}/{page}" for page in PAGES}
