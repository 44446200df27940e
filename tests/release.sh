#!/usr/bin/env bash
# Builds the operator as released, or the program that is named: static, on musl. The only C in it is ring's, which
# needs no libc headers, so the machine's own compiler does and no musl toolchain has to be installed.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-codeartifact-operator}
target="$(uname -m)-unknown-linux-musl"
export "CC_${target//-/_}=${CC:-cc}"
cargo build --release --locked --package "$program" --bin "$program" --target "$target"
binary=target/$target/release/$program
# A program that is linked dynamically names its loader.
if readelf --program-headers "$binary" | grep --quiet INTERP; then
  echo "$binary is not static" >&2
  exit 1
fi
echo "$binary: static, $(stat --format %s "$binary") bytes"
