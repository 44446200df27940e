# Bundler, which only installs.
export GEM_HOME=$PWD/gems BUNDLE_PATH=$PWD/bundled BUNDLE_USER_HOME=$CACHE BUNDLE_RETRY=0 BUNDLE_SILENCE_ROOT_WARNING=1
module=$(sed -E 's/(^|[-_])(.)/\U\2/g' <<<"$NAME")
printf "source '%s'\ngem '%s', '%s'\n" "$(cat "$MOUNT/endpoint-ruby")" "$NAME" "$VERSION" >Gemfile
bundle install
echo "installed $(bundle exec ruby -e "require '${NAME//-/_}'; puts $module::VERSION")"
