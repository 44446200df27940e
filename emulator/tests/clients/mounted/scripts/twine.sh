# twine, which only publishes.
source "$SCRIPTS/python.sh"
wheel
"$PYTHON/twine" upload --non-interactive --disable-progress-bar --repository team dist/*
