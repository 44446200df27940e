#!/usr/bin/env bash
# kubernetes.sh VERSION: builds the API server and the controller manager of another version of Kubernetes from its Go
# modules, where they are missing, into target/kubernetes/VERSION/bin, and prints that folder. etcd, kubectl and helm
# stay those that tests/cluster/go.mod pins.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly version=${1:-}
if ! [[ $version =~ ^v1\.([0-9]+)\.([0-9]+)$ ]]; then
  echo "usage: $0 VERSION, such as v1.31.14" >&2
  exit 2
fi
readonly minor=${BASH_REMATCH[1]} modules=v0.${BASH_REMATCH[1]}.${BASH_REMATCH[2]}
readonly folder=$PWD/target/kubernetes/$version

# Kubernetes names its own modules by folders that are not published with it: each is told to be the published module
# of the same release. The checksums are those of the release, too.
module() {
  local source
  source=$(go mod download -json "k8s.io/kubernetes@$version" | sed -nE 's/^\t"Dir": "(.*)",?$/\1/p')
  printf 'module codeartifact-operator.dev/tests/kubernetes\n\n'
  sed -nE 's/^(go [0-9.]+)$/\1/p' "$source/go.mod"
  printf '\nrequire k8s.io/kubernetes %s\n\nreplace (\n' "$version"
  sed -nE "s|^\t(k8s\.io/[a-z-]+) => \./staging/.*|\t\1 => \1 $modules|p" "$source/go.mod"
  printf ')\n'
}

mkdir -p "$folder/module" "$folder/bin"
cd "$folder/module"
if ! [[ -e go.mod ]]; then
  module >go.mod.new
  mv go.mod.new go.mod
fi
readonly names=k8s.io/component-base/version
for server in kube-apiserver kube-controller-manager; do
  [[ -e $folder/bin/$server ]] && continue
  echo "building $server $version" >&2
  CGO_ENABLED=0 GOFLAGS=-buildvcs=false go build -mod=mod -trimpath \
    -ldflags "-s -w -X $names.gitVersion=$version -X $names.gitMajor=1 -X $names.gitMinor=$minor" \
    -o "$folder/bin/$server" "k8s.io/kubernetes/cmd/$server"
done
built=$("$folder/bin/kube-apiserver" --version)
if [[ $built != "Kubernetes $version" ]]; then
  echo "$folder/bin/kube-apiserver is $built" >&2
  exit 1
fi
echo "$folder/bin"
