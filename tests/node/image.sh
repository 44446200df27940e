#!/usr/bin/env bash
# image.sh REFERENCE FOLDER ARCHIVE USER COMMAND…: makes an image of one layer from a folder, as an archive that containerd imports.
set -euo pipefail
reference=$1 folder=$2 archive=$3 user=$4
shift 4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tar --create --file "$work/layer.tar" --directory "$folder" --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 .
layer=$(sha256sum "$work/layer.tar" | cut -d ' ' -f 1)
command=$(printf '"%s",' "$@")
cat >"$work/config.json" <<EOF
{"architecture": "$(dpkg --print-architecture)", "os": "linux", "created": "1970-01-01T00:00:00Z",
 "config": {"User": "$user", "Entrypoint": [${command%,}], "Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$layer"]}}
EOF
printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]' "$reference" >"$work/manifest.json"
mkdir -p "$(dirname "$archive")"
tar --create --file "$archive" --directory "$work" manifest.json config.json layer.tar
