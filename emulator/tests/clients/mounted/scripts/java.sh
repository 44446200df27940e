# What Maven and Gradle share: source this file.
export JVM='-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1'
group=${NAME%:*} artifact=${NAME#*:}

jar() {
  printf 'name=%s\nversion=%s\n' "$NAME" "$VERSION" >made.properties
  "$PYTHON/python" -m zipfile -c made.jar made.properties
}

installed() {
  echo "installed $("$PYTHON/python" -c 'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read("made.properties").decode())' installed/*.jar | sed -n 's/^version=//p')"
}
