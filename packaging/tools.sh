#!/usr/bin/env bash
# tools.sh TOOL...: installs the Cargo tools that are named, pinned, into target/tools, where they are missing or of
# another version. They are not optimized: they run for a second, and so their builds take half the time.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly tools=$PWD/target/tools
declare -rA versions=([cargo-auditable]=0.7.7 [cargo-cyclonedx]=0.5.9)

for tool; do
  version=${versions[$tool]}
  grep --quiet "^\"$tool $version " "$tools/.crates.toml" 2>/dev/null && continue
  echo "installing $tool $version"
  cargo install --quiet --debug --locked --version "$version" --root "$tools" "$tool"
done
