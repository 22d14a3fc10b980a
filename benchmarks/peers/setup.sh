#!/bin/sh
# Makes .venv beside this file, for run.py: sh benchmarks/peers/setup.sh [PYTHON]
# LightFM's own C code needs a compiler, and an older Cython and numpy while it is built.
set -e
cd "$(dirname "$0")"
"${1:-python3}" -m venv .venv
pip=".venv/bin/python -m pip install --quiet --disable-pip-version-check"
$pip "cython<3" "numpy<2" "setuptools<81" wheel
$pip --no-build-isolation -r requirements.txt
# The scripts find the package `benchmarks` from wherever they are started.
(cd ../.. && pwd) > "$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/launchdesk.pth"
