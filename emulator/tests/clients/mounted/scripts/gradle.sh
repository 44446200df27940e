# Gradle, whose build script names no login, and no address but that to publish to.
source "$SCRIPTS/java.sh"
export GRADLE_OPTS="$JVM --add-opens=java.base/java.net=ALL-UNNAMED"
export GRADLE_USER_HOME=$HOME/gradle
: >settings.gradle
case $1 in
  install)
    cat >build.gradle <<BUILD
configurations { made }
dependencies { made '$NAME:$VERSION' }
task install(type: Copy) { from configurations.made; into 'installed' }
BUILD
    gradle --no-daemon --console=plain --refresh-dependencies install
    installed
    ;;
  publish)
    jar
    cat >build.gradle <<BUILD
apply plugin: 'maven-publish'
publishing {
  publications { made(MavenPublication) { groupId '$group'; artifactId '$artifact'; version '$VERSION'; artifact file('made.jar') } }
  repositories { maven { url '$(cat "$MOUNT/endpoint-maven")' } }
}
BUILD
    gradle --no-daemon --console=plain --init-script "$TOOLS/debian.init.gradle" publish
    ;;
esac
