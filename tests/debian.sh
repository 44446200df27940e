#!/usr/bin/env bash
# debian.sh [PACKAGE…]: installs packages of Debian. Without any, it takes no time and no network.
set -euo pipefail
(($#)) || exit 0
sudo=
((EUID == 0)) || sudo=sudo
echo "installing: $*"
$sudo apt-get update --quiet
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends "$@"
