//! gem and Bundler: Debian's.

use super::Client;
use crate::program::{program, run, succeeded};
use crate::surroundings::Surroundings;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// How gem gives the token when it pushes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PushLogin {
    /// In `GEM_HOST_API_KEY`.
    Variable,
    /// In `~/.gem/credentials`, under a name.
    Credentials,
}

/// Under which key Bundler has the login.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BundleKey {
    Address,
    Host,
}

/// gem with its home.
pub(crate) struct Gem {
    pub(crate) home: TempDir,
    /// The repository's address, without credentials.
    source: String,
    token: String,
    surroundings: Surroundings,
}

impl Gem {
    /// At the repository `team`, with the world's token.
    pub(crate) async fn new(world: &World) -> Self {
        Self::with_token(world, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, token: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let source = world.endpoint(PackageFormat::Ruby, "team").await;
        let with_login = source.replace("://", &format!("://aws:{token}@"));
        std::fs::create_dir(home.path().join("mounted")).unwrap();
        let gemrc = format!("---\n:sources:\n- {with_login}\n");
        std::fs::write(home.path().join("mounted/.gemrc"), gemrc).unwrap();
        Self { home, source, token: token.into(), surroundings: world.surroundings.clone() }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = program(name, self.home.path());
        command
            .env("GEMRC", self.home.path().join("mounted/.gemrc"))
            .env("GEM_HOME", self.home.path().join("gems"))
            .env("GEM_PATH", self.home.path().join("gems"));
        self.surroundings.tell(&mut command);
        command
    }

    /// Make a gem whose module knows its own version, with more lines in its gemspec.
    pub(crate) async fn build(&self, name: &str, version: &str, more: &str) -> PathBuf {
        let folder = self.home.path().join(format!("{name}-{version}"));
        std::fs::create_dir_all(folder.join("lib")).unwrap();
        let gemspec = format!(
            "Gem::Specification.new do |gem|\n\
             gem.name = '{name}'\ngem.version = '{version}'\ngem.summary = 'A test'\ngem.authors = ['Somebody']\n\
             gem.license = 'MIT'\ngem.files = ['lib/{name}.rb']\ngem.homepage = 'https://localhost'\n\
             gem.required_ruby_version = '>= 2.7'\n{more}\nend\n",
        );
        std::fs::write(folder.join("made.gemspec"), gemspec).unwrap();
        let module = format!("module {}\n  VERSION = '{version}'\nend\n", module(name));
        std::fs::write(folder.join(format!("lib/{name}.rb")), module).unwrap();
        let mut command = self.command("gem");
        command.current_dir(&folder).args(["build", "made.gemspec", "--output", "made.gem"]);
        succeeded(&run(command).await);
        folder.join("made.gem")
    }

    /// Push a gem that was made.
    pub(crate) async fn push(&self, gem: &Path, login: PushLogin) -> Output {
        let key = format!("Bearer {}", self.token);
        // A host must not end in a slash.
        let mut command = self.command("gem");
        command.args(["push", "--host", self.source.trim_end_matches('/')]).arg(gem);
        match login {
            PushLogin::Variable => {
                command.env("GEM_HOST_API_KEY", key);
            }
            PushLogin::Credentials => {
                let file = self.home.path().join(".gem/credentials");
                std::fs::create_dir_all(self.home.path().join(".gem")).unwrap();
                std::fs::write(&file, format!("---\n:codeartifact_api_key: {key}\n")).unwrap();
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
                command.args(["--key", "codeartifact_api_key"]);
            }
        }
        run(command).await
    }

    /// Run gem with the token for pushing in the environment.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command("gem");
        command.args(arguments).env("GEM_HOST_API_KEY", format!("Bearer {}", self.token));
        command.env("RUBYGEMS_HOST", self.source.trim_end_matches('/'));
        run(command).await
    }

    /// Run a line of Ruby that sees what gem has installed.
    pub(crate) async fn ruby(&self, line: &str) -> String {
        let mut command = self.command("ruby");
        command.args(["-e", line]);
        succeeded(&run(command).await).trim().to_owned()
    }
}

impl Client for Gem {
    const FORMAT: PackageFormat = PackageFormat::Ruby;

    fn name(&self) -> &'static str {
        "gem"
    }

    fn version(&self) -> String {
        succeeded(&self.command("gem").arg("--version").output().unwrap()).trim().to_owned()
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let gem = self.build(name, version, "").await;
        Some(self.push(&gem, PushLogin::Variable).await)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        let folder = self.home.path().join("gems");
        if folder.exists() {
            std::fs::remove_dir_all(folder).unwrap();
        }
        let mut command = self.command("gem");
        command.args(["install", "--no-document", name]);
        command.args(version.map(|version| format!("--version={version}")));
        Some(run(command).await)
    }

    async fn installed(&self, name: &str) -> String {
        self.ruby(&version_of(name)).await
    }
}

/// Bundler beside a Gemfile.
pub(crate) struct Bundler {
    pub(crate) gem: Gem,
}

impl Bundler {
    /// At the repository `team`, with the world's token.
    pub(crate) async fn new(world: &World) -> Self {
        Self::with_token(world, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, token: &str) -> Self {
        Self { gem: Gem::with_token(world, token).await }
    }

    /// A new project whose Gemfile has these gems. The login stands in Bundler's configuration.
    pub(crate) fn gemfile(&self, gems: &str, key: BundleKey) {
        let folder = self.folder();
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(&folder).unwrap();
        let gemfile = format!("source '{}'\n{gems}\n", self.gem.source);
        std::fs::write(folder.join("Gemfile"), gemfile).unwrap();
        let key = match key {
            BundleKey::Address => &self.gem.source,
            BundleKey::Host => "127.0.0.1",
        };
        let key = key.replace('.', "__").replace('-', "___").to_uppercase();
        let config = format!("---\nBUNDLE_{key}: \"aws:{}\"\n", self.gem.token);
        std::fs::write(self.gem.home.path().join("bundle-config"), config).unwrap();
    }

    /// Run Bundler beside the Gemfile.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command();
        command.current_dir(self.folder()).args(arguments);
        run(command).await
    }

    fn command(&self) -> Command {
        let home = self.gem.home.path();
        let mut command = self.gem.command("bundle");
        // Debian has Bundler where gems are looked for by default; Ruby itself has an older one.
        command
            .env("BUNDLE_USER_CONFIG", home.join("bundle-config"))
            .env("BUNDLE_USER_HOME", home.join("bundle"))
            .env("BUNDLE_RETRY", "0")
            .env("BUNDLE_SILENCE_ROOT_WARNING", "1")
            .env("BUNDLE_PATH", self.folder().join("bundled"))
            .env_remove("GEM_PATH");
        command
    }

    fn folder(&self) -> PathBuf {
        self.gem.home.path().join("bundle-project")
    }
}

impl Client for Bundler {
    const FORMAT: PackageFormat = PackageFormat::Ruby;

    fn name(&self) -> &'static str {
        "bundler"
    }

    fn version(&self) -> String {
        let told = succeeded(&self.command().arg("--version").output().unwrap());
        told.split_whitespace().last().unwrap().to_owned()
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        let requirement = version.map(|version| format!(", '{version}'")).unwrap_or_default();
        self.gemfile(&format!("gem '{name}'{requirement}"), BundleKey::Address);
        Some(self.run(&["install"]).await)
    }

    async fn installed(&self, name: &str) -> String {
        let output = self.run(&["exec", "ruby", "-e", &version_of(name)]).await;
        succeeded(&output);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// What a gem's module is called.
fn module(name: &str) -> String {
    let words = name.split(['-', '_']).map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect()
}

fn version_of(name: &str) -> String {
    format!("require '{}'; puts {}::VERSION", name.replace('-', "_"), module(name))
}
