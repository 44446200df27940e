#!/usr/bin/env bash
# test.sh PYTHON PLATFORM...: makes the operator's image twice, compares the two, tests what is in it and what a registry
# gets, and validates its SBOMs with the validator that PYTHON has.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly python=$1 again=target/image.again
shift

packaging/image.sh codeartifact-operator "$@"
trap 'rm -rf "$again"' EXIT
IMAGES=$again packaging/image.sh codeartifact-operator "$@" >/dev/null
for path in "$again"/*; do
  diff --recursive "target/image/${path##*/}" "$path" || { echo "a second build makes another ${path##*/}" >&2; exit 1; }
done
echo "the second build has the same bytes"

"$python" packaging/sbom/validate.py target/image/codeartifact-operator-*.cdx.json
# -count 1: Go's cache of results does not see that the layout changes.
go test -C packaging/image -mod=readonly -count 1 -v ./...
