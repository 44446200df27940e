# curl, which reads what npm would.
curl --fail-with-body --silent --show-error --netrc-file "$NETRC" --output package.json "$(cat "$MOUNT/endpoint-npm")$NAME"
node -e "if (!JSON.parse(require('fs').readFileSync('package.json')).versions['$VERSION']) process.exit(1)"
echo "installed $VERSION"
