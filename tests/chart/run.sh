#!/usr/bin/env bash
# run.sh: lints and renders the chart with its default values and with each values file in its ci/, and runs its unit tests.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly helm=target/cluster/bin/helm unittest=target/chart/bin/helm-unittest chart=charts/codeartifact-operator

for values in "" "$chart"/ci/*.yaml; do
  "$helm" lint --strict --quiet "$chart" ${values:+--values "$values"}
  "$helm" template release "$chart" --namespace operator ${values:+--values "$values"} >/dev/null
  echo "linted and rendered with ${values:-the default values}"
done
"$unittest" --strict "$chart"
