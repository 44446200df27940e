# twine in a Job whose variables come from the Secret by envFrom.
source "$SCRIPTS/python.sh"
for variable in TWINE_USERNAME TWINE_PASSWORD TWINE_REPOSITORY_URL; do
  export $variable="$(cat "$MOUNT/$variable")"
done
wheel
"$PYTHON/twine" upload --non-interactive --disable-progress-bar dist/*
