#!/usr/bin/env bash
# Maven itself, brought by the Maven that is there, and the plugins that it deploys and resolves with, as a local
# repository: each is used once, so that it comes with all that it needs. maven/plugins has their versions.
set -euo pipefail
readonly version=3.9.16
readonly sha512=831a8591fe20c8243b1dbe7d71e3244f31d1665b0804b2e825e38cbbe5ce0cafb8338851f90780735568773e0a6cd07bbec107cda0b896b008b861075358b6f6
readonly archive=apache-maven-$version-bin.tar.gz
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$(dirname "$0")"/maven/{pom.xml,plugins} "$work"
cd "$work"

{ read -r deploy && read -r copy; } <plugins
mvn --batch-mode --quiet "${copy%:*}:copy" -Dartifact="org.apache.maven:apache-maven:$version:tar.gz:bin" -DoutputDirectory=.
sha512sum --check --quiet <<<"$sha512  $archive"
tar --extract --no-same-owner --file "$archive" --directory "$1" --strip-components 1

mvn() { "$1/bin/mvn" --batch-mode --quiet -Dmaven.repo.local=local -Dremote="file://$work/remote" "${@:2}"; }
mvn "$1" "$deploy" -Dfile=plugins -Dpackaging=jar -DgroupId=setup -DartifactId=made -Dversion=1 -DgeneratePom=true \
  -DrepositoryId=setup -Durl="file://$work/remote"
mvn "$1" "$copy" -DoutputDirectory=installed
[[ -e installed/made-1.jar ]]
# Without these files Maven uses what is there, wherever it came from.
find local \( -name _remote.repositories -o -name '*.lastUpdated' -o -name resolver-status.properties \) -delete
rm -rf local/setup
mv local "$1/repository"
