#!/usr/bin/env bash
# Packages of Debian 12 that a node needs and that are missing: what builds runc, the shell of test images, `ip`.
set -euo pipefail
needed=(/usr/bin/cc:gcc /usr/include/stdio.h:libc6-dev /usr/include/seccomp.h:libseccomp-dev /bin/busybox:busybox-static /sbin/ip:iproute2 /usr/bin/pkg-config:pkg-config)
missing=()
for entry in "${needed[@]}"; do
  [[ -e ${entry%%:*} ]] || missing+=("${entry##*:}")
done
"$(dirname "$0")/../debian.sh" "${missing[@]}"
