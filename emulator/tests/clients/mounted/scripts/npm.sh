# npm of the version that the caller names: source this file with the path of npm in NPM.
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false npm_config_fetch_retries=0
export npm_config_cache=$CACHE npm_config_globalconfig=$HOME/none

# What all package managers of JavaScript are asked to publish.
manifest() {
  printf '{"name": "%s", "version": "%s", "main": "index.js", "license": "MIT"}' "$NAME" "$VERSION" >package.json
  printf 'module.exports = {"version": "%s"};' "$VERSION" >index.js
}

project() {
  echo '{"private": true}' >package.json
}

installed() {
  echo "installed $(node -p "require('$NAME').version")"
}
