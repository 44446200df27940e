#!/usr/bin/env bash
# sbom.sh PROGRAM MACHINE FILE: writes which crates make up a program for that machine (x86_64, aarch64), in the form of
# CycloneDX, with their versions, licences and checksums. SOURCE_DATE_EPOCH, which must be exported, dates the file.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly program=$1 machine=$2 file=$3
: "${SOURCE_DATE_EPOCH:?}"
packaging/tools.sh cargo-cyclonedx

# One file is left beside the manifest for each program of the workspace.
left() { find . -path ./target -prune -o -name "$1_bin.cdx.json" -print0; }
trap 'left "*" | xargs --null --no-run-if-empty rm' EXIT
target/tools/bin/cargo-cyclonedx cyclonedx --quiet --format json --spec-version 1.5 --describe binaries --no-build-deps \
  --target "$machine-unknown-linux-musl"
# Where the source lay on this machine is of no use to others, and would make the files of two machines differ.
left "$program" | xargs --null sed "s|path+file://$PWD|path+file://|" >"$file"
