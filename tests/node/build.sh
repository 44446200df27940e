#!/usr/bin/env bash
# build.sh MODULE PACKAGE PROGRAM: builds a program of the node as its project builds it. Only runc needs C: libseccomp, static.
set -euo pipefail
module=$1 package=$2 program=$3
mkdir -p "$(dirname "$program")"
cd "$module"
flags=(-mod=readonly -trimpath) link='-s -w'
export CGO_ENABLED=0 GOFLAGS=-buildvcs=false
version() { sed -nE "s|^\t?(require )?$1 v([0-9.]+).*|\2|p" go.mod | head -n 1; }
case $package in
  k8s.io/*) link+=" $GO_VERSIONS" ;;
  github.com/containerd/*)
    flags+=(-tags 'no_btrfs no_zfs no_devmapper no_tracing')
    link+=" -X github.com/containerd/containerd/v2/version.Version=v$(version github.com/containerd/containerd/v2)"
    ;;
  github.com/opencontainers/runc)
    CGO_ENABLED=1
    flags+=(-tags 'seccomp netgo osusergo')
    link+=" -X main.version=$(version github.com/opencontainers/runc) -extldflags -static"
    ;;
esac
go build "${flags[@]}" -ldflags "$link" -o "$program" "$package"
