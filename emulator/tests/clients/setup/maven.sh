#!/usr/bin/env bash
# The plugins that mvn deploys and resolves with, as a local repository: each is used once, so that it comes with all
# that it needs. maven/plugins has their versions.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$(dirname "$0")"/maven/{pom.xml,plugins} "$work"
cd "$work"
{ read -r deploy && read -r copy; } <plugins
mvn() { command mvn --batch-mode --quiet -Dmaven.repo.local=local -Dremote="file://$work/remote" "$@"; }
mvn "$deploy" -Dfile=plugins -Dpackaging=jar -DgroupId=setup -DartifactId=made -Dversion=1 -DgeneratePom=true \
  -DrepositoryId=setup -Durl="file://$work/remote"
mvn "$copy" -DoutputDirectory=installed
[[ -e installed/made-1.jar ]]
# Without these files Maven uses what is there, wherever it came from.
find local \( -name _remote.repositories -o -name '*.lastUpdated' -o -name resolver-status.properties \) -delete
rm -rf local/setup
mv local "$1/repository"
