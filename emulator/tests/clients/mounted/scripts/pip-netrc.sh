# pip with an address that holds no login: it finds the login in .netrc.
source "$SCRIPTS/python.sh"
"$PYTHON/pip" install --index-url "$(cat "$MOUNT/endpoint-pypi")" --target installed "$NAME==$VERSION"
installed
