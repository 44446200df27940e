# pnpm, which publishes by npm.
source "$SCRIPTS/npm.sh"
export npm_config_store_dir=$CACHE/store npm_config_cache_dir=$CACHE/pnpm npm_config_npm_path=$NPM11
case $1 in
  install)
    project
    node "$PNPM" add "$NAME@$VERSION"
    installed
    ;;
  publish)
    manifest
    node "$PNPM" publish --no-git-checks
    ;;
esac
