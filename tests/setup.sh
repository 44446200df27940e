#!/usr/bin/env bash
# The one install script: packages of Debian 12 and Rust targets that are missing. With everything there it takes no time and no network.
set -euo pipefail
cd "$(dirname "$0")/.."

# program:package, or a file by its path. The C compiler and library link Rust and build ring; setpriv ends what a test
# started with the test; gem, Bundler and gradle are package managers that the tests install with, mvn brings another Maven.
needed=(cc:gcc /usr/include/stdio.h:libc6-dev kill:procps make:make setpriv:util-linux gem:ruby bundle:ruby-bundler mvn:maven gradle:gradle)

missing=()
for entry in "${needed[@]}"; do
  type -P "${entry%%:*}" >/dev/null || [[ -e ${entry%%:*} ]] || missing+=("${entry##*:}")
done
tests/debian.sh "${missing[@]}"

for program in cargo rustup go node npm python3 pip3; do
  command -v "$program" >/dev/null || { echo "setup: $program is needed, see README.md" >&2; exit 1; }
done
# Debian 12's Node.js is too old for npm 11.
oldest=20.17.0 node=$(node --version)
printf '%s\n' "$oldest" "${node#v}" | sort --check --version-sort 2>/dev/null ||
  { echo "setup: Node.js $oldest or later is needed, found ${node#v}" >&2; exit 1; }
musl="$(uname -m)-unknown-linux-musl"
rustup target list --installed | grep --quiet --line-regexp "$musl" || rustup target add "$musl"
