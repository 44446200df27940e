#!/usr/bin/env bash
# chart.sh REPOSITORY: packages the chart and pushes it to a registry, with the login of `helm registry login` or `docker login`.
# Helm adds the chart's name to the repository and takes the chart's version as the tag; it prints the digest.
set -euo pipefail
cd "$(dirname "$0")/.."
readonly repository=${1:-} helm=target/cluster/bin/helm chart=charts/codeartifact-operator

if [[ $repository != oci://?* ]]; then
  echo "push-chart needs a repository: make push-chart REPOSITORY=oci://registry.example.com/charts" >&2
  exit 2
fi
# As `make push` does, and docker: a registry on this machine needs no TLS.
plain=()
if [[ $repository =~ ^oci://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?/ ]]; then plain=(--plain-http); fi

packages=$(mktemp --directory)
trap 'rm -rf "$packages"' EXIT
"$helm" package "$chart" --destination "$packages"
"$helm" push "${plain[@]}" "$packages"/*.tgz "$repository"
