# gem.
export GEM_HOME=$PWD/gems GEM_PATH=$PWD/gems
module=$(sed -E 's/(^|[-_])(.)/\U\2/g' <<<"$NAME")
case $1 in
  install)
    gem install --no-document "$NAME" --version "$VERSION"
    echo "installed $(ruby -e "require '${NAME//-/_}'; puts $module::VERSION")"
    ;;
  publish)
    mkdir lib
    printf 'module %s\n  VERSION = "%s"\nend\n' "$module" "$VERSION" >"lib/$NAME.rb"
    cat >made.gemspec <<SPEC
Gem::Specification.new do |gem|
  gem.name = '$NAME'
  gem.version = '$VERSION'
  gem.summary = 'A test'
  gem.authors = ['Somebody']
  gem.license = 'MIT'
  gem.files = ['lib/$NAME.rb']
  gem.homepage = 'https://localhost'
  gem.required_ruby_version = '>= 2.7'
end
SPEC
    gem build made.gemspec --output made.gem
    gem push --host "$(cat "$MOUNT/publish-ruby")" made.gem
    ;;
esac
