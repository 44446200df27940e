# npm 10.
source "$SCRIPTS/npm.sh"
case $1 in
  install)
    project
    node "$NPM10" install "$NAME@$VERSION"
    installed
    ;;
  publish)
    manifest
    node "$NPM10" publish
    ;;
esac
