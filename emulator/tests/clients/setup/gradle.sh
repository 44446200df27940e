#!/usr/bin/env bash
# A newer Gradle than Debian's, with a configuration cache. Its distribution is in no package registry, but its classes are: what plugins
# are compiled against holds all of Gradle but its command line, which gradle/Gradle.java stands in for. gradle/layout.py lays the jars
# out as Gradle looks for them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)/gradle
readonly sha512=5b5e3df277c749a738348e44db974f1db0b3006672fdfe2d8f9cb32f5c7230d2500bf16247b0ae7ec1904f6df4c798105df942d9ba9e64da177fb869ae863ea7
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$here/pom.xml" "$work"
(
  cd "$work"
  mvn --batch-mode --quiet org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory=jars
)
sha512sum --check --quiet <<<"$sha512  $work/jars/gradle-api-8.10.jar"
python3 "$here/layout.py" "$work/jars" "$1"
javac -nowarn -cp "$1/lib/*" -d "$1/classes" "$here/Gradle.java"
