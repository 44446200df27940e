//! pip, which only installs.

use super::{Workplace, pinned_version, print_version, requirement};
use crate::program::run;
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::process::Output;

/// pip with a folder to install into.
pub(crate) struct Pip(Workplace);

impl Pip {
    /// At the repository, with the world's token in the index URL.
    pub(crate) async fn new(world: &World, repository: &str) -> Self {
        Self::with_token(world, repository, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let work = Workplace::new(world, repository, token).await;
        let index = work.endpoint.replace("://", &format!("://aws:{token}@"));
        work.write("pip.conf", &format!("[global]\nindex-url = {index}simple/\n"));
        Self(work)
    }

    /// Install a requirement into the folder `installed`.
    pub(crate) async fn install(&self, requirement: &str) -> Output {
        self.install_with(&[requirement]).await
    }

    /// Install with more arguments than a requirement.
    pub(crate) async fn install_with(&self, arguments: &[&str]) -> Output {
        let mut command = self.0.program("pip");
        command
            .args(["install", "--no-input", "--no-cache-dir", "--retries=0", "--disable-pip-version-check"])
            .args(["--target", "installed", "--upgrade"])
            .args(arguments)
            .env("PIP_CONFIG_FILE", self.0.path("pip.conf"));
        run(command).await
    }

    /// Run a line of Python that sees what was installed.
    pub(crate) async fn python(&self, line: &str) -> String {
        self.0.python(line).await
    }
}

impl Client for Pip {
    const FORMAT: PackageFormat = PackageFormat::Pypi;

    fn name(&self) -> &'static str {
        "pip"
    }

    fn version(&self) -> String {
        pinned_version("pip")
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        self.0.empty_installed();
        Some(self.install(&requirement(name, version)).await)
    }

    async fn installed(&self, name: &str) -> String {
        self.python(&print_version(name)).await
    }
}
