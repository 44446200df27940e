# Yarn 4.
source "$SCRIPTS/npm.sh"
export YARN_UNSAFE_HTTP_WHITELIST=127.0.0.1 YARN_ENABLE_TELEMETRY=0 YARN_ENABLE_GLOBAL_CACHE=false YARN_NODE_LINKER=node-modules
export YARN_HTTP_RETRY=0 YARN_NPM_MINIMAL_AGE_GATE=0 YARN_NPM_PREAPPROVED_PACKAGES='@acme/*' YARN_CACHE_FOLDER=$CACHE/yarn YARN_GLOBAL_FOLDER=$CACHE/global
: >yarn.lock
case $1 in
  install)
    project
    node "$BERRY" add "$NAME@$VERSION"
    installed
    ;;
  publish)
    manifest
    node "$BERRY" install
    node "$BERRY" npm publish
    ;;
esac
