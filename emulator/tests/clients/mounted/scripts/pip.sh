# pip, which only installs.
source "$SCRIPTS/python.sh"
"$PYTHON/pip" install --target installed "$NAME==$VERSION"
installed
