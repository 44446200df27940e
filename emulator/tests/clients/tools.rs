//! npm and pip, each with a home of its own and the emulator as its only registry.

use crate::program::{program, run};
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Output;
use tempfile::TempDir;

/// How npm gives the token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Login {
    Bearer,
    Basic,
}

/// npm with its `.npmrc`, its cache, and a project.
pub(crate) struct Npm {
    home: TempDir,
}

impl Npm {
    /// At the repository, with the world's token.
    pub(crate) async fn new(world: &World, repository: &str, login: Login) -> Self {
        Self::with_token(world, repository, login, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, repository: &str, login: Login, token: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let registry = world.endpoint(PackageFormat::Npm, repository).await;
        let (_, place) = registry.split_once(':').unwrap();
        let secret = match login {
            Login::Bearer => format!("{place}:_authToken={token}"),
            Login::Basic => {
                use base64::Engine;
                let password = base64::prelude::BASE64_STANDARD.encode(token);
                format!("{place}:username=aws\n{place}:_password={password}")
            }
        };
        std::fs::write(home.path().join(".npmrc"), format!("registry={registry}\n{secret}\n")).unwrap();
        std::fs::create_dir(home.path().join("project")).unwrap();
        std::fs::write(home.path().join("project/package.json"), "{\"private\":true}").unwrap();
        Self { home }
    }

    /// Run npm in the project.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(self.home.path().join("project"), arguments).await
    }

    /// Make a package of that name and version, and publish it.
    pub(crate) async fn publish(&self, name: &str, version: &str) -> Output {
        let folder = tempfile::tempdir_in(self.home.path()).unwrap();
        let manifest = json!({ "name": name, "version": version, "main": "index.js" });
        std::fs::write(folder.path().join("package.json"), manifest.to_string()).unwrap();
        let module = format!("module.exports = 'private {name} {version}';");
        std::fs::write(folder.path().join("index.js"), module).unwrap();
        self.run_in(folder.path().to_owned(), &["publish"]).await
    }

    async fn run_in(&self, folder: PathBuf, arguments: &[&str]) -> Output {
        let home = self.home.path();
        let mut command = program("npm", home);
        command
            .current_dir(folder)
            .args(arguments)
            .args(["--no-audit", "--no-fund", "--no-update-notifier", "--fetch-retries=0"])
            .env("NPM_CONFIG_USERCONFIG", home.join(".npmrc"))
            .env("NPM_CONFIG_GLOBALCONFIG", home.join("none"))
            .env("NPM_CONFIG_CACHE", home.join("cache"));
        run(command).await
    }

    /// The `package.json` of an installed package.
    pub(crate) fn installed(&self, name: &str) -> Value {
        let folder = self.home.path().join("project/node_modules").join(name);
        let text = std::fs::read_to_string(folder.join("package.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// What an installed package's module exports.
    pub(crate) async fn required(&self, name: &str) -> String {
        let mut command = program("node", self.home.path());
        let script = format!("process.stdout.write(JSON.stringify(require('{name}')))");
        command.current_dir(self.home.path().join("project")).args(["-e", &script]);
        crate::program::succeeded(&run(command).await)
    }
}

/// pip with a folder to install into.
pub(crate) struct Pip {
    pub(crate) home: TempDir,
    index: String,
}

impl Pip {
    /// At the repository, with the world's token in the index URL.
    pub(crate) async fn new(world: &World, repository: &str) -> Self {
        Self::with_token(world, repository, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let endpoint = world.endpoint(PackageFormat::Pypi, repository).await;
        let index = format!("{}simple/", endpoint.replace("http://", &format!("http://aws:{token}@")));
        Self { home: tempfile::tempdir().unwrap(), index }
    }

    /// Install a requirement into the folder `installed`.
    pub(crate) async fn install(&self, requirement: &str) -> Output {
        let home = self.home.path();
        let mut command = program("python3", home);
        command
            .args(["-m", "pip", "install", "--no-input", "--no-cache-dir", "--retries=0"])
            .args(["--disable-pip-version-check", "--target", "installed", "--index-url", &self.index])
            .arg(requirement)
            .env("PIP_CONFIG_FILE", "/dev/null");
        run(command).await
    }

    /// Run a line of Python that sees what was installed.
    pub(crate) async fn python(&self, line: &str) -> String {
        let mut command = program("python3", self.home.path());
        command.args(["-c", line]).env("PYTHONPATH", self.home.path().join("installed"));
        crate::program::succeeded(&run(command).await).trim().to_owned()
    }
}
