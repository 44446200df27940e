#!/usr/bin/env bash
# mutants.sh [FILE...]: plants one small fault after another into the files that declare themselves pure, or into those
# named, and runs the unit tests on each. What no test sees is printed at the end, and the exit code is not 0.
# The faults are planted in this very folder, so that one of them takes the seconds of a small build: what is not committed
# could be lost, and the script refuses to begin. .cargo/mutants.toml lists the faults that make no difference.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly version=27.1.0 tools=$PWD/target/mutants
if [[ -n $(git status --porcelain -- src) ]]; then
  echo "mutants: commit or undo what is changed in src first" >&2
  exit 1
fi
if [[ $("$tools/bin/cargo-mutants" mutants --version 2>/dev/null) != "cargo-mutants $version" ]]; then
  cargo install --quiet --locked --root "$tools" --target-dir "$tools/build" cargo-mutants --version "$version"
  rm -rf "$tools/build"
fi

files=("$@")
((${#files[@]})) || mapfile -t files < <(grep -rlE '^//!.*\bPure\b' src | sort)
trap 'git checkout --quiet -- src' EXIT
"$tools/bin/cargo-mutants" mutants --in-place --jobs 1 --output "$tools" --no-shuffle --timeout 120 \
  "${files[@]/#/--file=}"
