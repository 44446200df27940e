//! cargo: the very one that runs the tests.

use super::Client;
use crate::program::{program, run, succeeded};
use crate::surroundings::Surroundings;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// How cargo comes by the token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CargoLogin {
    /// It reads the file that a credential provider prints.
    Provider,
    /// From its own `credentials.toml`.
    Credentials,
}

/// cargo with its home, the repository as the registry `acme`, and crates.io replaced by it.
pub(crate) struct Cargo {
    pub(crate) home: TempDir,
    surroundings: Surroundings,
}

impl Cargo {
    /// At the repository `team`, with the world's token.
    pub(crate) async fn new(world: &World) -> Self {
        Self::with_token(world, CargoLogin::Provider, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, login: CargoLogin, token: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let index = world.endpoint(PackageFormat::Cargo, "team").await;
        let folder = home.path().join("cargo");
        std::fs::create_dir(&folder).unwrap();
        let provider = match login {
            CargoLogin::Provider => {
                let file = home.path().join("token");
                std::fs::write(&file, token).unwrap();
                format!("cargo:token-from-stdout cat {}", file.display())
            }
            CargoLogin::Credentials => {
                let credentials = format!("[registries.acme]\ntoken = \"{token}\"\n");
                std::fs::write(folder.join("credentials.toml"), credentials).unwrap();
                "cargo:token".into()
            }
        };
        let config = format!(
            "[registry]\ndefault = \"acme\"\n\
             [registries.acme]\nindex = \"sparse+{index}\"\ncredential-provider = \"{provider}\"\n\
             [source.crates-io]\nreplace-with = \"acme\"\n[net]\nretry = 0\n"
        );
        std::fs::write(folder.join("config.toml"), config).unwrap();
        Self { home, surroundings: world.surroundings.clone() }
    }

    /// A library that knows its own version, with a dependency on another or none.
    pub(crate) fn library(&self, name: &str, version: &str, dependency: Option<(&str, &str)>) -> PathBuf {
        let folder = self.project(name, version, dependency);
        let library = format!("pub const VERSION: &str = \"{version}\";\n");
        std::fs::write(folder.join("src/lib.rs"), library).unwrap();
        folder
    }

    /// A program that prints the version of a crate it needs.
    pub(crate) fn consumer(&self, name: &str, requirement: &str) -> PathBuf {
        let folder = self.project("consumer", "1.0.0", Some((name, requirement)));
        let main = format!("fn main() {{ print!(\"{{}}\", {}::VERSION) }}\n", name.replace('-', "_"));
        std::fs::write(folder.join("src/main.rs"), main).unwrap();
        folder
    }

    fn project(&self, name: &str, version: &str, dependency: Option<(&str, &str)>) -> PathBuf {
        let folder = self.home.path().join(format!("{name}-{version}"));
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(folder.join("src")).unwrap();
        let mut manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n\
             description = \"A test\"\nlicense = \"MIT\"\n[workspace]\n[dependencies]\n"
        );
        if let Some((needed, requirement)) = dependency {
            writeln!(manifest, "{needed} = {requirement}").unwrap();
        }
        std::fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        folder
    }

    /// Run cargo in a folder.
    pub(crate) async fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let this = Path::new(env!("CARGO"));
        let mut command = program(this, self.home.path());
        command
            .current_dir(folder)
            .args(arguments)
            .env("CARGO_HOME", self.home.path().join("cargo"))
            .env("RUSTC", this.with_file_name("rustc"));
        self.surroundings.tell(&mut command);
        run(command).await
    }

    /// Fetch what a program needs that needs the crate.
    pub(crate) async fn fetch(&self, name: &str, requirement: &str) -> Output {
        self.run(&self.consumer(name, requirement), &["fetch"]).await
    }

    /// Whether the source of a version has been unpacked.
    pub(crate) fn has_source(&self, name: &str, version: &str) -> bool {
        let Ok(indexes) = std::fs::read_dir(self.home.path().join("cargo/registry/src")) else {
            return false;
        };
        indexes
            .map(Result::unwrap)
            .any(|index| index.path().join(format!("{name}-{version}/src/lib.rs")).is_file())
    }
}

impl Client for Cargo {
    const FORMAT: PackageFormat = PackageFormat::Cargo;

    fn name(&self) -> &'static str {
        "cargo"
    }

    fn version(&self) -> String {
        let told = succeeded(&Command::new(env!("CARGO")).arg("--version").output().unwrap());
        told.split_whitespace().nth(1).unwrap().to_owned()
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let folder = self.library(name, version, None);
        // What is published is built by those who need it.
        Some(self.run(&folder, &["publish", "--no-verify"]).await)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        let requirement = version.map_or("*".to_owned(), |version| format!("={version}"));
        let ours = format!("{{ version = \"{requirement}\", registry = \"acme\" }}");
        Some(self.run(&self.consumer(name, &ours), &["build"]).await)
    }

    async fn installed(&self, _: &str) -> String {
        let built = self.home.path().join("consumer-1.0.0/target/debug/consumer");
        succeeded(&run(program(built, self.home.path())).await).trim().to_owned()
    }
}
