#!/usr/bin/env bash
# setup.sh MACHINE...: what an image for these machines (x86_64, aarch64) needs beyond tests/setup.sh. For another machine
# than this one that is Debian's cross compiler with its headers, a Rust target, and an emulator that starts the program.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -rA debian=([x86_64]=amd64 [aarch64]=arm64)
missing=()
for machine; do
  [[ $machine == "$(uname -m)" ]] && continue
  type -P "$machine-linux-gnu-gcc" >/dev/null || missing+=("gcc-${machine//_/-}-linux-gnu")
  [[ -e /usr/$machine-linux-gnu/include/stdint.h ]] || missing+=("libc6-dev-${debian[$machine]}-cross")
  type -P "qemu-$machine-static" >/dev/null || missing+=(qemu-user-static)
done
tests/debian.sh "${missing[@]}"
for machine; do
  target=$machine-unknown-linux-musl
  rustup target list --installed | grep --quiet --line-regexp "$target" || rustup target add "$target"
done
