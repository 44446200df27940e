#!/usr/bin/env bash
# images.sh [operator]: makes the images that a node needs beside the released ones, in target/node/images: what holds a Pod's namespaces,
# a shell, and npm and pip with what they need of this machine; with `operator` also the operator's debug build. No registry is asked.
# An image is made again when what it is made of has changed.
set -euo pipefail
cd "$(dirname "$0")/../.."
readonly out=target/node/images work=target/node/rootfs
mkdir -p "$out"
rm -rf "$work"
trap 'rm -rf "$work"' EXIT

# changed IMAGE FILE…: whether an image is missing or was made of other files. An upgrade changes ctime, and often no other time.
changed() {
  local image=$1
  shift
  of=$(stat --dereference --format '%n %s %Z' tests/node/images.sh tests/node/image.sh "$@")
  [[ ! -e $out/$image.tar || $of != "$(cat "$out/$image.of" 2>/dev/null)" ]]
}

# pack IMAGE TAG USER COMMAND…: makes the archive of an image from the folder $work/IMAGE.
pack() {
  local image=$1 tag=$2
  shift 2
  tests/node/image.sh "node.local/$image:$tag" "$work/$image" "$out/$image.tar" "$@"
  echo "$of" >"$out/$image.of"
  echo "made $out/$image.tar, $(du --apparent-size --human-readable "$out/$image.tar" | cut -f 1)"
}

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

if changed shell /bin/busybox; then
  shell "$work/shell"
  pack shell 1 65532:65532 /bin/sh
fi
if changed pause /bin/busybox; then
  shell "$work/pause"
  pack pause 1 65535:65535 /bin/sleep 2147483647
fi

node=$(node -p process.execPath)
npm=$(readlink -f "$(command -v npm)")
npm=${npm%/bin/npm-cli.js}
{ read -r python && read -r prefix && read -r library && read -r packages && read -r pip; } < <(python3 -c 'import os, pip, sys, sysconfig
print(os.path.realpath(sys.executable), sys.base_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), os.path.dirname(pip.__file__), sep="\n")')

if changed clients /bin/busybox "$node" "$npm/package.json" "$python" "$pip/__init__.py"; then
  clients=$work/clients
  shell "$clients"
  mkdir -p "$clients/usr/local/bin" "$clients/usr/local/lib/node_modules"
  cp "$node" "$clients/usr/local/bin/node"
  needs "$clients" "$node"
  cp -r "$npm" "$clients/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$clients/usr/local/bin/npm"

  mkdir -p "$clients$prefix/bin" "$clients$(dirname "$library")" "$clients$packages"
  cp "$python" "$clients$prefix/bin/python3"
  tar --create --directory "$(dirname "$library")" --exclude test --exclude tests --exclude idlelib --exclude '__pycache__' \
    --exclude 'config-3*' --exclude 'site-packages/*' --exclude '*.a' "$(basename "$library")" |
    tar --extract --directory "$clients$(dirname "$library")"
  cp -r "$pip" "$clients$packages/"
  # Who runs pip in a Pod could not keep what it compiles. The times of files in an image say nothing about what was compiled.
  python3 -m compileall -q -f --invalidation-mode unchecked-hash "$clients$library" "$clients$packages"
  needs "$clients" "$python" "$library"/lib-dynload/*.so
  ln -s "$prefix/bin/python3" "$clients/usr/local/bin/python3"
  pack clients 1 65532:65532 /bin/sh
fi

operator=target/debug/codeartifact-operator
if [[ ${1:-} == operator ]] && changed codeartifact-operator "$operator"; then
  mkdir -p "$work/codeartifact-operator/etc/ssl/certs"
  # The AWS SDK wants to see certificates even where it calls plain HTTP.
  cp /etc/ssl/certs/ca-certificates.crt "$work/codeartifact-operator/etc/ssl/certs/"
  # Where a line of code was is the larger part of the file.
  strip --strip-debug -o "$work/codeartifact-operator/codeartifact-operator" "$operator"
  needs "$work/codeartifact-operator" "$operator"
  pack codeartifact-operator debug 65532:65532 /codeartifact-operator
fi
