#!/usr/bin/env bash
# Builds the operator as released: static, on musl. The only C in it is ring's, which needs no libc headers,
# so the machine's own compiler does and no musl toolchain has to be installed.
set -euo pipefail
cd "$(dirname "$0")/.."
target="$(uname -m)-unknown-linux-musl"
export "CC_${target//-/_}=${CC:-cc}"
cargo build --release --locked --package codeartifact-operator --bin codeartifact-operator --target "$target"
