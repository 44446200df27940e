#!/usr/bin/env bash
# image.sh PROGRAM PLATFORM...: builds a program for each platform (linux/amd64, linux/arm64), writes its image as an OCI
# layout to target/image/PROGRAM, and beside it target/image/PROGRAM-ARCHITECTURE.cdx.json: which crates are in it.
# The same commit makes the same bytes; SOURCE_DATE_EPOCH dates them, or else the commit does. IMAGES names another folder.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly program=$1 images=${IMAGES:-target/image}
readonly layout=$images/$program
shift

declare -rA known=([linux/amd64]=x86_64 [linux/arm64]=aarch64)
machines=()
for platform; do
  [[ -n ${known[$platform]:-} ]] || { echo "image: $platform is none of ${!known[*]}" >&2; exit 2; }
  machines+=("${known[$platform]}")
done
revision=
if git rev-parse --verify --quiet HEAD >/dev/null; then
  export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
  # No commit says what a tree with changes holds.
  [[ -n $(git status --porcelain) ]] || revision=$(git rev-parse HEAD)
fi
: "${SOURCE_DATE_EPOCH:?outside of a git clone it must say how old the image is, in seconds since 1970}"

options=() binaries=()
case $program in
  codeartifact-operator) options+=(-certificates "$(packaging/certificates.sh)") arguments=() ;;
  # The emulator calls nobody. In a container it must be reached from outside.
  codeartifact-emulator) arguments=(--listen 0.0.0.0:4566) ;;
  *) echo "image: there is no image of $program" >&2; exit 2 ;;
esac
packaging/setup.sh "${machines[@]}"
mkdir -p "$images"
rm -f "$layout"-*.cdx.json
for platform; do
  tests/release.sh "$program" "${known[$platform]}"
  packaging/sbom.sh "$program" "${known[$platform]}" "$layout-${platform#*/}.cdx.json"
  binaries+=("target/${known[$platform]}-unknown-linux-musl/release/$program")
done
CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -C packaging/image -mod=readonly -trimpath -o "$PWD/target/tools/image" .
cargo metadata --no-deps --locked --format-version 1 |
  target/tools/image build -layout "$layout" -program "$program" -created "$SOURCE_DATE_EPOCH" -revision "$revision" \
    "${options[@]}" "${binaries[@]}" -- "${arguments[@]}"
