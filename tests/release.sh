#!/usr/bin/env bash
# release.sh [PROGRAM [MACHINE]]: builds the operator as released, or the program that is named, for this machine or
# another one (x86_64, aarch64): static, on musl, with the list of its crates inside. The only C in it is ring's, which
# needs no libc headers, so the machine's own compiler does and no musl toolchain has to be installed.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-codeartifact-operator}
machine=${2:-$(uname -m)}
target=$machine-unknown-linux-musl
compiler=${CC:-cc}
if [[ $machine != "$(uname -m)" ]]; then
  compiler=$machine-linux-gnu-gcc
  linker=CARGO_TARGET_${target//-/_}_LINKER
  export "${linker^^}=$compiler"
fi
export "CC_${target//-/_}=$compiler"
packaging/tools.sh cargo-auditable
# Nothing in a program is dated, but Cargo would build ring anew for each date.
unset SOURCE_DATE_EPOCH

# A panic names its file. The folder in which Cargo keeps the crates is of no use there, and differs between machines.
crates=$(cargo metadata --locked --format-version 1 --filter-platform "$target" |
  sed --quiet --regexp-extended 's|.*"manifest_path":"([^"]*/registry/src/[^"/]*/).*|\1|p')
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$crates="
target/tools/bin/cargo-auditable auditable build --release --locked --package "$program" --bin "$program" --target "$target"

binary=target/$target/release/$program
# A program that is linked dynamically names its loader.
if readelf --program-headers "$binary" | grep --quiet INTERP; then
  echo "$binary is not static" >&2
  exit 1
fi
echo "$binary: static, $(stat --format %s "$binary") bytes"
