# npm 11.
source "$SCRIPTS/npm.sh"
case $1 in
  install)
    project
    node "$NPM11" install "$NAME@$VERSION"
    installed
    ;;
  publish)
    manifest
    node "$NPM11" publish
    ;;
esac
