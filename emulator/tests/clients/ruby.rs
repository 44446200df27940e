//! gem and Bundler, each with a home of its own and the emulator as its only source.

use crate::program::{program, run};
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// How gem gives the token when it pushes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Login {
    /// In `GEM_HOST_API_KEY`.
    Variable,
    /// In `~/.gem/credentials`, under a name.
    Credentials,
}

/// Under which key Bundler has the login.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key {
    Address,
    Host,
}

/// gem and Bundler with their home.
pub(crate) struct Ruby {
    pub(crate) home: TempDir,
    /// Without credentials.
    source: String,
    token: String,
}

impl Ruby {
    /// At the repository, with the world's token.
    pub(crate) async fn new(world: &World, repository: &str) -> Self {
        Self::with_token(world, repository, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let source = world.endpoint(PackageFormat::Ruby, repository).await;
        let with_login = source.replace("http://", &format!("http://aws:{token}@"));
        std::fs::create_dir(home.path().join("mounted")).unwrap();
        let gemrc = format!("---\n:sources:\n- {with_login}\n");
        std::fs::write(home.path().join("mounted/.gemrc"), gemrc).unwrap();
        Self { home, source, token: token.into() }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = program(name, self.home.path());
        command
            .env("GEMRC", self.home.path().join("mounted/.gemrc"))
            .env("GEM_HOME", self.home.path().join("gems"))
            .env("GEM_PATH", self.home.path().join("gems"));
        command
    }

    /// Install into the home.
    pub(crate) async fn install(&self, arguments: &[&str]) -> Output {
        let mut command = self.command("gem");
        command.args(["install", "--no-document", "--verbose"]).args(arguments);
        run(command).await
    }

    /// Make a gem, with another that it needs or none.
    pub(crate) async fn build(&self, name: &str, version: &str, needs: Option<(&str, &str)>) -> PathBuf {
        let need = needs.map(|(name, requirement)| format!("gem.add_dependency '{name}', '{requirement}'\n"));
        self.build_with(name, version, &need.unwrap_or_default()).await
    }

    /// Make a gem with more lines in its gemspec.
    pub(crate) async fn build_with(&self, name: &str, version: &str, more: &str) -> PathBuf {
        let folder = self.home.path().join(format!("{name}-{version}"));
        std::fs::create_dir_all(folder.join("lib")).unwrap();
        let gemspec = format!(
            "Gem::Specification.new do |gem|\n\
             gem.name = '{name}'\ngem.version = '{version}'\ngem.summary = 'A test'\ngem.authors = ['Somebody']\n\
             gem.license = 'MIT'\ngem.files = ['lib/{name}.rb']\ngem.homepage = 'https://localhost'\n\
             gem.required_ruby_version = '>= 2.7'\n{more}end\n",
        );
        std::fs::write(folder.join("made.gemspec"), gemspec).unwrap();
        let module = format!("PRIVATE = 'private {name} {version}'\n");
        std::fs::write(folder.join(format!("lib/{name}.rb")), module).unwrap();
        let mut command = self.command("gem");
        command.current_dir(&folder).args(["build", "made.gemspec", "--output", "made.gem"]);
        crate::program::succeeded(&run(command).await);
        folder.join("made.gem")
    }

    /// Push a gem that was made.
    pub(crate) async fn push(&self, gem: &Path, login: Login) -> Output {
        let key = format!("Bearer {}", self.token);
        let mut command = self.command("gem");
        // A host must not end in a slash.
        command.args(["push", "--host", self.source.trim_end_matches('/')]).arg(gem);
        match login {
            Login::Variable => {
                command.env("GEM_HOST_API_KEY", key);
            }
            Login::Credentials => {
                let file = self.home.path().join(".gem/credentials");
                std::fs::create_dir_all(self.home.path().join(".gem")).unwrap();
                std::fs::write(&file, format!("---\n:codeartifact_api_key: {key}\n")).unwrap();
                std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
                command.args(["--key", "codeartifact_api_key"]);
            }
        }
        run(command).await
    }

    /// Install a bundle of one gem.
    pub(crate) async fn bundle(&self, gem: &str) -> Output {
        self.gemfile(gem, Key::Address);
        run(self.bundler(&["install"])).await
    }

    /// A Gemfile with one gem. The login stands in Bundler's configuration beside it.
    pub(crate) fn gemfile(&self, gem: &str, key: Key) {
        std::fs::create_dir_all(self.bundle_folder()).unwrap();
        let gemfile = format!("source '{}'\n{gem}\n", self.source);
        std::fs::write(self.bundle_folder().join("Gemfile"), gemfile).unwrap();
        let key = match key {
            Key::Address => &self.source,
            Key::Host => "127.0.0.1",
        };
        let key = key.replace('.', "__").replace('-', "___").to_uppercase();
        let config = format!("---\nBUNDLE_{key}: \"aws:{}\"\n", self.token);
        std::fs::write(self.home.path().join("bundle-config"), config).unwrap();
    }

    /// Run Bundler beside the Gemfile.
    pub(crate) fn bundler(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("bundle");
        command
            .current_dir(self.bundle_folder())
            .args(arguments)
            .env("BUNDLE_USER_CONFIG", self.home.path().join("bundle-config"))
            .env("BUNDLE_USER_HOME", self.home.path().join("bundle"))
            .env("BUNDLE_RETRY", "0")
            .env("BUNDLE_PATH", self.home.path().join("bundled"))
            .env_remove("GEM_PATH");
        command
    }

    fn bundle_folder(&self) -> PathBuf {
        self.home.path().join("bundle-project")
    }

    /// Run a line of Ruby that sees what gem has installed.
    pub(crate) async fn ruby(&self, line: &str) -> String {
        let mut command = self.command("ruby");
        command.args(["-e", line]);
        crate::program::succeeded(&run(command).await).trim().to_owned()
    }
}
