# What the package managers of Python share: source this file.
export PIP_NO_INPUT=1 PIP_NO_CACHE_DIR=1 PIP_RETRIES=0 PIP_DISABLE_PIP_VERSION_CHECK=1
export UV_CACHE_DIR=$CACHE/uv UV_PYTHON=$PYTHON/python UV_PYTHON_DOWNLOADS=never UV_HTTP_RETRIES=0
export PYTHON_KEYRING_BACKEND=keyring.backends.null.Keyring

# A project with that build backend.
project() {
  mkdir -p "src/$NAME"
  printf '__version__ = "%s"\n' "$VERSION" >"src/$NAME/__init__.py"
  printf '[project]\nname = "%s"\nversion = "%s"\ndescription = "Made by a test"\nrequires-python = ">=3.9"\n\n' "$NAME" "$VERSION" >pyproject.toml
  printf '[build-system]\nrequires = ["%s"]\nbuild-backend = "%s"\n' "$1" "$2" >>pyproject.toml
}

installed() {
  echo "installed $(PYTHONPATH=installed "${1:-$PYTHON/python}" -c "import ${NAME//-/_} as it; print(it.__version__)")"
}

# A wheel, made without any index.
wheel() {
  project flit_core flit_core.buildapi
  PIP_CONFIG_FILE=/dev/null "$PYTHON/pip" wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir dist .
}
