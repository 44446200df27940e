# Poetry.
source "$SCRIPTS/python.sh"
export POETRY_CACHE_DIR=$CACHE POETRY_VIRTUALENVS_IN_PROJECT=true POETRY_REQUESTS_MAX_RETRIES=0
poetry() { "$PYTHON/poetry" --no-interaction --no-ansi "$@"; }
case $1 in
  install)
    printf '[project]\nname = "project"\nversion = "0"\nrequires-python = ">=3.9"\n\n[tool.poetry]\npackage-mode = false\n\n' >pyproject.toml
    printf '[[tool.poetry.source]]\nname = "team"\nurl = "%s"\npriority = "primary"\n' "$(cat "$MOUNT/endpoint-pypi")" >>pyproject.toml
    poetry add "$NAME==$VERSION"
    installed .venv/bin/python
    ;;
  publish)
    project poetry-core poetry.core.masonry.api
    poetry publish --build --repository team
    ;;
esac
