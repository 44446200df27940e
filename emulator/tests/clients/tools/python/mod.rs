//! pip, uv, twine and Poetry.

mod pip;
mod poetry;
mod twine;
mod uv;

pub(crate) use pip::Pip;
pub(crate) use poetry::Poetry;
pub(crate) use twine::Twine;
pub(crate) use uv::Uv;

use crate::program::{pinned, program, run, succeeded};
use crate::tools::aws::{login, sign_in};
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// The keyring that asks AWS for a token.
const CODEARTIFACT_KEYRING: &str = "keyrings.codeartifact.CodeArtifactBackend";
const NO_KEYRING: &str = "keyring.backends.null.Keyring";

/// Where a Python client works, and with what it logs in.
struct Workplace {
    home: TempDir,
    /// The repository's address, with a slash at its end.
    endpoint: String,
    token: String,
    /// The folder of pinned programs.
    programs: &'static str,
    /// What each of them is told.
    environment: Vec<(OsString, OsString)>,
}

impl Workplace {
    async fn new(world: &World, repository: &str, token: &str) -> Self {
        let endpoint = world.endpoint(PackageFormat::Pypi, repository).await;
        let mut command = Command::new("any");
        world.surroundings.tell(&mut command);
        let (home, environment) = (tempfile::tempdir().unwrap(), environment(&command));
        Self { home, endpoint, token: token.into(), programs: "python", environment }
    }

    /// With programs that get their token from AWS.
    async fn with_aws(world: &World) -> Self {
        let mut command = Command::new("any");
        sign_in(&mut command, world);
        let environment = environment(&command);
        Self { programs: "aws", environment, ..Self::new(world, "team", "").await }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// One of the pinned programs.
    fn program(&self, name: &str) -> Command {
        let mut command = program(pinned(self.programs).join("bin").join(name), self.home.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        // A keyring that looks for the best of all keyrings has the linker look for libraries of macOS, with
        // `/dev/null` as its output. For root the linker removes its output when it fails.
        let keyring = if self.programs == "aws" { CODEARTIFACT_KEYRING } else { NO_KEYRING };
        command.env("PYTHON_KEYRING_BACKEND", keyring);
        command
    }

    /// A project with one module, which knows its own version; the build system is that of the client.
    fn project(&self, name: &str, version: &str, build_system: &str) -> PathBuf {
        let folder = self.path(&format!("{name}-{version}"));
        std::fs::create_dir_all(folder.join("src").join(name)).unwrap();
        let project = format!(
            "[project]\nname = \"{name}\"\nversion = \"{version}\"\ndescription = \"Made by a test\"\n\
             requires-python = \">=3.9\"\n\n[build-system]\n{build_system}\n"
        );
        std::fs::write(folder.join("pyproject.toml"), project).unwrap();
        // No two clients make the same file.
        let maker = self.home.path().display();
        let module = format!("\"\"\"Made in {maker}.\"\"\"\n\n__version__ = \"{version}\"\n");
        std::fs::write(folder.join("src").join(name).join("__init__.py"), module).unwrap();
        folder
    }

    /// Empty the folder that packages are installed into.
    fn empty_installed(&self) {
        let folder = self.path("installed");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
    }

    /// Run a line of Python that sees what was installed.
    async fn python(&self, line: &str) -> String {
        let mut command = self.program("python");
        command.args(["-c", line]).env("PYTHONPATH", self.path("installed"));
        succeeded(&run(command).await).trim().to_owned()
    }
}

fn environment(command: &Command) -> Vec<(OsString, OsString)> {
    command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect()
}

/// The version of a pinned package, as its metadata says.
fn pinned_version(name: &str) -> String {
    version_of("python", name)
}

/// The same of a package in that folder.
pub(super) fn version_of(programs: &str, name: &str) -> String {
    let libraries = std::fs::read_dir(pinned(programs).join("lib")).unwrap();
    let folders = libraries
        .flat_map(|library| std::fs::read_dir(library.unwrap().path().join("site-packages")).unwrap());
    let mut versions = folders.filter_map(|folder| {
        let folder = folder.unwrap().file_name().into_string().unwrap();
        let version = folder.strip_prefix(name)?.strip_prefix('-')?.strip_suffix(".dist-info")?;
        Some(version.to_owned())
    });
    versions.next().unwrap_or_else(|| panic!("{name} must be installed"))
}

/// `NAME` or `NAME==VERSION`.
fn requirement(name: &str, version: Option<&str>) -> String {
    version.map_or_else(|| name.to_owned(), |version| format!("{name}=={version}"))
}

/// The host in an address, without its port.
fn host(url: &str) -> &str {
    let authority = url.split('/').nth(2).unwrap();
    authority.split(':').next().unwrap()
}

fn print_version(name: &str) -> String {
    format!("import {0}; print({0}.__version__)", name.replace('-', "_"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}
