//! pip, which only installs.

use super::{Workplace, login, print_version, requirement, version_of};
use crate::program::{run, succeeded};
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::path::Path;
use std::process::Output;

/// pip with a folder to install into.
pub(crate) struct Pip {
    work: Workplace,
    /// Its configuration.
    config: &'static str,
    name: &'static str,
    /// The package whose version is told.
    package: &'static str,
}

impl Pip {
    /// At the repository, with the world's token in the index URL.
    pub(crate) async fn new(world: &World, repository: &str) -> Self {
        Self::with_token(world, repository, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let work = Workplace::new(world, repository, token).await;
        let index = work.endpoint.replace("://", &format!("://aws:{token}@"));
        work.write("pip.conf", &format!("[global]\nindex-url = {index}simple/\n"));
        Self { work, config: "pip.conf", name: "pip", package: "pip" }
    }

    /// With what the AWS CLI configures.
    pub(crate) async fn logged_in(world: &World) -> Self {
        let work = Workplace::with_aws(world).await;
        succeeded(&login(world, "pip", work.home.path(), Path::new("")).await);
        Self { work, config: "config/pip/pip.conf", name: "aws-pip", package: "awscli" }
    }

    /// With a keyring that asks AWS for a token.
    pub(crate) async fn with_keyring(world: &World) -> Self {
        let work = Workplace::with_aws(world).await;
        let index = work.endpoint.replace("://", "://aws@");
        let config = format!("[global]\nindex-url = {index}simple/\nkeyring-provider = import\n");
        work.write("pip.conf", &config);
        Self { work, config: "pip.conf", name: "keyrings-pip", package: "keyrings_codeartifact" }
    }

    /// Install a requirement into the folder `installed`.
    pub(crate) async fn install(&self, requirement: &str) -> Output {
        self.install_with(&[requirement]).await
    }

    /// Install with more arguments than a requirement.
    pub(crate) async fn install_with(&self, arguments: &[&str]) -> Output {
        let mut command = self.work.program("pip");
        command
            .args(["install", "--no-input", "--no-cache-dir", "--retries=0", "--disable-pip-version-check"])
            .args(["--target", "installed", "--upgrade"])
            .args(arguments)
            .env("PIP_CONFIG_FILE", self.work.path(self.config));
        run(command).await
    }

    /// Run a line of Python that sees what was installed.
    pub(crate) async fn python(&self, line: &str) -> String {
        self.work.python(line).await
    }
}

impl Client for Pip {
    const FORMAT: PackageFormat = PackageFormat::Pypi;

    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> String {
        version_of(self.work.programs, self.package)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        self.work.empty_installed();
        Some(self.install(&requirement(name, version)).await)
    }

    async fn installed(&self, name: &str) -> String {
        self.python(&print_version(name)).await
    }
}
