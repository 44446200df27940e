# Renovate on one's own machine, which says that there is a newer version. Its variable comes from the Secret.
RENOVATE_HOST_RULES=$(cat "$MOUNT/renovate-host-rules.json")
export RENOVATE_HOST_RULES RENOVATE_PLATFORM=local RENOVATE_ONBOARDING=false RENOVATE_REQUIRE_CONFIG=optional
export RENOVATE_BASE_DIR=$CACHE LOG_LEVEL=debug LOG_FORMAT=json
git init --quiet
echo "registry=$(cat "$MOUNT/endpoint-npm")" >.npmrc
printf '{"dependencies": {"%s": "0.0.1"}}' "$NAME" >package.json
git add .
git -c user.email=somebody@localhost -c user.name=Somebody commit --quiet --message one
node "$RENOVATE" >log
if grep --quiet "\"newVersion\":\"$VERSION\"" log; then
  echo "installed $VERSION"
else
  grep --only-matching 'HTTPError: [^"\\]*\|[^"]*(code=[^)]*)' log
  exit 1
fi
