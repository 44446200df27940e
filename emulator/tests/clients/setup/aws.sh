#!/usr/bin/env bash
# The AWS CLI, pip and twine with the keyring of CodeArtifact, and Poetry with a plugin for it, in a virtual
# environment. To change a version: edit aws/requirements.in, then
# uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate requirements.in -o requirements.txt
set -euo pipefail
python3 -m venv --without-pip "$1"
python3 -m pip --python "$1/bin/python" --disable-pip-version-check install --quiet --no-input \
  --only-binary :all: --require-hashes --requirement "$(dirname "$0")/aws/requirements.txt"
