#!/bin/sh
# Make the virtual environment VENV with the project and its development tools in it.
# Usage: scripts/make_venv.sh VENV PYTHON
#
# Assumes a Python of 3.11 or later and nothing else. Where PYTHON is older, the newest python3.N that
# runs is taken. Where the system has split ensurepip off (Debian), pip itself is used from outside.
set -eu
venv=$1
wanted=$2

fresh_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

python=
for candidate in "$wanted" python3.15 python3.14 python3.13 python3.12 python3.11; do
    if fresh_enough "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "cannot make $venv: '$wanted' is older than Python 3.11 or missing, and no newer python3.N is on PATH." >&2
    echo "Install Python 3.11 or later, or name one: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi

if "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
    "$python" -m venv "$venv"
    pip="$venv/bin/python -m pip"
elif "$python" -m pip --version >/dev/null 2>&1; then
    "$python" -m venv --without-pip "$venv"
    pip="$python -m pip --python $venv/bin/python"
else
    echo "cannot make $venv: $python has neither ensurepip nor pip." >&2
    echo "Install them; on Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi
echo "making $venv with $("$python" --version)"
$pip install --quiet --disable-pip-version-check -e '.[dev]'
