#!/usr/bin/env bash
# pip, uv, twine and Poetry in a virtual environment. To change a version: edit python/requirements.in, then
# uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements.in -o requirements.txt
set -euo pipefail
python3 -m venv --without-pip "$1"
python3 -m pip --python "$1/bin/python" --disable-pip-version-check install --quiet --no-input \
  --only-binary :all: --require-hashes --requirement "$(dirname "$0")/python/requirements.txt"
