#!/usr/bin/env bash
# Writes what is generated and committed: the CRDs, the chart's copy of them and the plain manifest.
set -euo pipefail
cd "$(dirname "$0")/.."
chart=charts/codeartifact-operator
mkdir -p crds "$chart/crds" deploy
cargo run --quiet --locked --bin codeartifact-operator -- crds --dir crds
rm -f "$chart"/crds/*.yaml
cp crds/*.yaml "$chart/crds/"
target/cluster/bin/helm template codeartifact-operator "$chart" --namespace codeartifact-operator --include-crds >deploy/install.yaml
