"""Install the peers that the compatibility layer is played against: Supervisor and Superlance.

They are test tools, never dependencies of the package, so each set lives in a virtual environment of
its own under `.peers/` in the project root. Run again, it does nothing: a stamp file beside the
environment says what was installed.

Usage: python scripts/install_peers.py [--print-path]
"""

import argparse
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# setuptools: Supervisor looks for its version and plugins through pkg_resources on some Pythons.
REQUIREMENTS = ("supervisor==4.3.0", "superlance==2.0.0", "setuptools<81")


def peers_dir() -> Path:
    """Where Supervisor's own virtual environment lives."""
    return ROOT / ".peers" / "supervisor"


def is_installed(target: Path) -> bool:
    """True when the stamp names exactly what is wanted, for this interpreter."""
    stamp = target / ".installed"
    return stamp.exists() and stamp.read_text() == stamp_text()


def stamp_text() -> str:
    """What the stamp says: a change of Python or of a version installs anew."""
    return "\n".join((sys.version.split()[0], *REQUIREMENTS)) + "\n"


def install(target: Path) -> None:
    """Make the environment from nothing. Raises CalledProcessError when pip fails."""
    venv.EnvBuilder(with_pip=True, clear=True).create(target)
    pip = (str(target / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    subprocess.run((*pip, *REQUIREMENTS), check=True)
    (target / ".installed").write_text(stamp_text())


def main(argv: list[str] | None = None) -> int:
    """Install when needed. Exit status 0, or 1 with a reason on stderr."""
    parser = argparse.ArgumentParser(description="Install the test peers into .peers/")
    parser.add_argument("--print-path", action="store_true", help="print where they are")
    arguments = parser.parse_args(argv)
    target = peers_dir()
    if not is_installed(target):
        print(f"installing {', '.join(REQUIREMENTS)} into {target.relative_to(ROOT)}", file=sys.stderr)
        try:
            install(target)
        except subprocess.CalledProcessError as error:
            print(f"cannot install the peers: pip ended with status {error.returncode}", file=sys.stderr)
            return 1
    if arguments.print_path:
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
