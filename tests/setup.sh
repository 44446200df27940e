#!/usr/bin/env bash
# The one install script: Debian packages and Rust targets that are missing. With everything there it takes no time and no network.
set -euo pipefail
cd "$(dirname "$0")/.."

# program:package. The C compiler links Rust and builds ring; setpriv ends what a test started with the test;
# npm, pip, gem, Bundler, mvn and gradle are the package managers that the tests and the demo install with, or that bring the others.
needed=(cc:gcc make:make setpriv:util-linux npm:npm pip3:python3-pip gem:ruby bundle:ruby-bundler mvn:maven gradle:gradle)

missing=()
for entry in "${needed[@]}"; do
  command -v "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
done
if ((${#missing[@]})); then
  sudo=
  ((EUID == 0)) || sudo=sudo
  echo "installing: ${missing[*]}"
  $sudo apt-get update --quiet
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends "${missing[@]}"
fi

for program in cargo rustup go; do
  command -v "$program" >/dev/null || { echo "setup: $program is needed, see README.md" >&2; exit 1; }
done
musl="$(uname -m)-unknown-linux-musl"
rustup target list --installed | grep --quiet --line-regexp "$musl" || rustup target add "$musl"
