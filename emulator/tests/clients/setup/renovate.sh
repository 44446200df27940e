#!/usr/bin/env bash
# Renovate, the newest that runs on Debian 12's kind of Node.js, without what it can do without. To change the version: edit
# renovate/package.json, then in that folder npm install --package-lock-only --ignore-scripts --omit=optional --omit-lockfile-registry-resolved
set -euo pipefail
cp "$(dirname "$0")"/renovate/package{,-lock}.json "$1"
cd "$1"
npm ci --ignore-scripts --omit=optional --no-audit --no-fund --no-update-notifier --loglevel=error
