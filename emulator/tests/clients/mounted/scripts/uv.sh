# uv.
source "$SCRIPTS/python.sh"
case $1 in
  install)
    "$PYTHON/uv" pip install --target installed "$NAME==$VERSION"
    installed
    ;;
  publish)
    project uv_build uv_build
    "$PYTHON/uv" build
    "$PYTHON/uv" publish --index team --trusted-publishing never
    ;;
esac
