#!/usr/bin/env bash
# certificates.sh: writes the authorities of Debian's newest ca-certificates to target/packages/ca-certificates_VERSION.crt
# and prints that path. What is installed on this machine is not asked: it may be older, or hold authorities of its owner.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly folder=target/packages

newest() { apt-cache show --no-all-versions ca-certificates 2>/dev/null | sed --quiet 's/^Version: //p'; }
refresh() {
  local sudo=
  ((EUID == 0)) || sudo=sudo
  $sudo apt-get update --quiet >&2
}

mkdir -p "$folder"
[[ -n $(newest) ]] || refresh
if ! [[ -e $folder/ca-certificates_$(newest)_all.deb ]]; then
  # An old list may name a version that is gone.
  fetch() { (cd "$folder" && apt-get download --quiet --option APT::Sandbox::User=root ca-certificates >&2); }
  fetch || { refresh && fetch; }
fi
version=$(newest)
readonly certificates=$folder/ca-certificates_$version.crt
dpkg-deb --fsys-tarfile "$folder/ca-certificates_${version}_all.deb" |
  tar --extract --to-stdout --wildcards './usr/share/ca-certificates/mozilla/*.crt' >"$certificates.new"
mv "$certificates.new" "$certificates"
echo "$certificates"
