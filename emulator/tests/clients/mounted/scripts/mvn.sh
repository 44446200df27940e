# Maven, with a local repository that has its plugins.
source "$SCRIPTS/java.sh"
export MAVEN_OPTS=$JVM MAVEN_SKIP_RC=1
mkdir "$CACHE"
cp -rl "$MAVEN/repository" "$CACHE/repository"
{ read -r deploy && read -r copy; } <"$SETUP/maven/plugins"
mvn() { "$MAVEN/bin/mvn" --batch-mode --update-snapshots "-Dmaven.repo.local=$CACHE/repository" "$@"; }
case $1 in
  install)
    cat >pom.xml <<POM
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>test</groupId><artifactId>project</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>$group</groupId><artifactId>$artifact</artifactId><version>$VERSION</version>
  </dependency></dependencies>
</project>
POM
    mvn "$copy" -DoutputDirectory="$PWD/installed"
    installed
    ;;
  publish)
    jar
    mvn "$deploy" -Dfile=made.jar -DgroupId="$group" -DartifactId="$artifact" -Dversion="$VERSION" \
      -Durl="$(cat "$MOUNT/endpoint-maven")" -DrepositoryId=team
    ;;
esac
