# Yarn 1.
source "$SCRIPTS/npm.sh"
export YARN_CACHE_FOLDER=$CACHE/yarn
echo 'disable-self-update-check true' >.yarnrc
case $1 in
  install)
    project
    node "$YARN1" add --non-interactive "$NAME@$VERSION"
    installed
    ;;
  publish)
    manifest
    node "$YARN1" publish --non-interactive
    ;;
esac
