#!/usr/bin/env bash
# Makes the images that the node's tests have beside the released ones, in target/node/images: what holds a Pod's namespaces, a shell,
# and npm and pip with what they need of this machine. No registry is asked.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly out=target/node/images work=target/node/rootfs
rm -rf "$work"

# shell FOLDER: busybox and its names.
shell() {
  mkdir -p "$1"/{bin,tmp,etc,usr/bin}
  chmod 1777 "$1/tmp"
  cp /bin/busybox "$1/bin/"
  local name
  for name in sh cat ls sleep date id wget httpd mkdir cp echo test sha256sum head grep env true; do
    ln -sf busybox "$1/bin/$name"
  done
  ln -sf /bin/busybox "$1/usr/bin/env"
  printf 'root:x:0:0::/:/bin/sh\nnonroot:x:65532:65532::/tmp:/bin/sh\n' >"$1/etc/passwd"
}

# needs FOLDER PROGRAM…: copies the libraries of programs, the loader too.
needs() {
  local folder=$1
  shift
  ldd "$@" 2>/dev/null | grep -oE '/[^ :()]+\.so[^ :()]*' | sort -u | while read -r library; do
    mkdir -p "$folder$(dirname "$library")"
    cp --dereference "$library" "$folder$library"
  done
}

shell "$work/shell"
tests/node/image.sh node.local/shell:1 "$work/shell" "$out/shell.tar" 65532:65532 /bin/sh
tests/node/image.sh node.local/pause:1 "$work/shell" "$out/pause.tar" 65535:65535 /bin/sleep 2147483647

clients=$work/clients
shell "$clients"
mkdir -p "$clients/usr/local/bin" "$clients/usr/local/lib/node_modules"
node=$(node -p process.execPath)
cp "$node" "$clients/usr/local/bin/node"
needs "$clients" "$node"
npm=$(readlink -f "$(command -v npm)")
cp -r "${npm%/bin/npm-cli.js}" "$clients/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$clients/usr/local/bin/npm"

python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
prefix=$(python3 -c 'import sys; print(sys.base_prefix)')
library=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')
mkdir -p "$clients$prefix/bin" "$clients$(dirname "$library")"
cp "$python" "$clients$prefix/bin/python3"
tar --create --directory "$(dirname "$library")" --exclude test --exclude tests --exclude idlelib --exclude '__pycache__' \
  --exclude 'config-3*' --exclude 'site-packages/*' --exclude '*.a' "$(basename "$library")" |
  tar --extract --directory "$clients$(dirname "$library")"
pip=$(python3 -c 'import os, pip; print(os.path.dirname(pip.__file__))')
packages=$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p "$clients$packages"
cp -r "$pip" "$clients$packages/"
needs "$clients" "$python" "$library"/lib-dynload/*.so
ln -s "$prefix/bin/python3" "$clients/usr/local/bin/python3"
tests/node/image.sh node.local/clients:1 "$clients" "$out/clients.tar" 65532:65532 /bin/sh
du --summarize --human-readable "$out"/*.tar
