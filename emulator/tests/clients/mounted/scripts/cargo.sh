# Cargo. The file in the mount reads the token from /var/run/codeartifact, which this is not.
export CARGO_HOME=$HOME/cargo CARGO_NET_RETRY=0
export CARGO_REGISTRIES_TEAM_CREDENTIAL_PROVIDER="cargo:token-from-stdout cat $MOUNT/token"
rm -rf "$CARGO_HOME/registry"

# A package that needs another one or none.
package() {
  mkdir src
  printf '[package]\nname = "%s"\nversion = "%s"\nedition = "2021"\ndescription = "A test"\nlicense = "MIT"\n[workspace]\n[dependencies]\n' "$1" "$2" >Cargo.toml
}

case $1 in
  install)
    package consumer 1.0.0
    printf '%s = "=%s"\n' "$NAME" "$VERSION" >>Cargo.toml
    printf 'fn main() { println!("installed {}", %s::VERSION) }\n' "${NAME//-/_}" >src/main.rs
    "$CARGO" run
    ;;
  publish)
    package "$NAME" "$VERSION"
    printf 'pub const VERSION: &str = "%s";\n' "$VERSION" >src/lib.rs
    "$CARGO" publish --no-verify
    ;;
esac
