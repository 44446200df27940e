# uv in a Job whose variables come from the Secret by envFrom.
source "$SCRIPTS/python.sh"
for variable in UV_INDEX_TEAM_USERNAME UV_INDEX_TEAM_PASSWORD; do
  export $variable="$(cat "$MOUNT/$variable")"
done
printf '[[index]]\nname = "team"\nurl = "%s"\ndefault = true\n' "$(cat "$MOUNT/endpoint-pypi")" >uv.toml
"$PYTHON/uv" pip install --target installed "$NAME==$VERSION"
installed
