#!/usr/bin/env bash
# Installs the package managers that the tests drive into target/clients/. Each setup/NAME.sh is given its folder
# target/clients/NAME, and runs again when it or anything in setup/NAME/ has changed. With everything there this takes
# no time and no network; of several at once one installs and the others wait.
set -euo pipefail
cd "$(dirname "$0")"
target=$(cd ../../.. && pwd)/target/clients
readonly target
mkdir -p "$target"
exec 9>"$target/lock"
flock 9

for script in setup/*.sh; do
  name=$(basename "$script" .sh)
  pins=$(find "$script" "setup/$name" -type f -exec sha256sum {} + 2>/dev/null | sort | sha256sum)
  # Installed programs may know their own path.
  wanted="$pins $target"
  stamp=$target/$name.installed
  if [[ -d $target/$name && $(cat "$stamp" 2>/dev/null) == "$wanted" ]]; then continue; fi
  echo "installing the package managers of $script"
  rm -rf "${target:?}/$name" "$stamp"
  mkdir "$target/$name"
  bash "$script" "$target/$name" 9>&-
  echo "$wanted" >"$stamp"
done
