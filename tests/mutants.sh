#!/usr/bin/env bash
# mutants.sh [OPTIONS]: changes the code of each file that declares itself pure in small ways, one at a time, and names
# the changes that no unit test notices. Options go to cargo-mutants: `--file src/engine/pipeline/grants.rs` looks at one file.
# What makes no difference is listed with its reason in .cargo/mutants.toml.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly version=27.1.0 tool=$PWD/target/mutants

if [[ $("$tool/bin/cargo-mutants" mutants --version 2>/dev/null) != "cargo-mutants $version" ]]; then
  cargo install --quiet --locked --version "$version" --root "$tool" cargo-mutants
fi
mapfile -t pure < <(git ls-files 'src/*.rs' | xargs grep --files-with-matches --extended-regexp '^//!.*\bPure\b')
[[ $* == *--file* ]] || set -- "${pure[@]/#/--file=}" "$@"
"$tool/bin/cargo-mutants" mutants --package codeartifact-operator --profile mutants --cargo-arg=--lib --output "$tool" \
  --colors never "$@"
