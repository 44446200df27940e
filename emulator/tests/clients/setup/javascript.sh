#!/usr/bin/env bash
# npm, pnpm and Yarn as npm packages. To change a version: edit javascript/package.json, then in that folder
# npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
set -euo pipefail
cp "$(dirname "$0")"/javascript/package{,-lock}.json "$1"
cd "$1"
npm ci --ignore-scripts --engine-strict --no-audit --no-fund --no-update-notifier --loglevel=error
