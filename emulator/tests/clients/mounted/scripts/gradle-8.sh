# Gradle 8 with a configuration cache, whose build script names no login, and no address but that to publish to.
source "$SCRIPTS/java.sh"
export GRADLE_USER_HOME=$HOME/gradle
gradle() {
  local opens=()
  for package in lang lang.invoke util net nio.charset; do opens+=("--add-opens=java.base/java.$package=ALL-UNNAMED"); done
  # shellcheck disable=SC2086
  java $JVM "${opens[@]}" -Dorg.gradle.internal.instrumentation.agent=false -cp "$GRADLE8/classes:$GRADLE8/lib/*" Gradle "$@"
}

consumer() {
  cat >build.gradle <<BUILD
configurations { made }
dependencies { made '$NAME:$VERSION' }
tasks.register('install', Copy) { from configurations.made; into 'installed' }
BUILD
}

[[ $1 != reuse ]] || { mkdir -p "$HOME/reused" && cd "$HOME/reused"; }
echo "rootProject.name = 'made'" >settings.gradle
case $1 in
  install)
    rm -rf "$GRADLE_USER_HOME/caches/modules-2"
    consumer
    gradle install
    installed
    ;;
  # The same project again, with all that is cached.
  reuse)
    consumer
    rm -rf installed
    gradle install
    installed
    ;;
  publish)
    jar
    cat >build.gradle <<BUILD
plugins { id 'maven-publish' }
publishing {
  publications { made(MavenPublication) { groupId = '$group'; artifactId = '$artifact'; version = '$VERSION'; artifact file('made.jar') } }
  repositories { maven { url = '$(cat "$MOUNT/endpoint-maven")'; allowInsecureProtocol = true } }
}
BUILD
    gradle publish
    ;;
esac
