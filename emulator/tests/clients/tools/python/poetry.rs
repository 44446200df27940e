//! Poetry, which installs and publishes.

use super::{Workplace, print_version, requirement, version_of};
use crate::program::{program, run, succeeded};
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::path::Path;
use std::process::Output;

/// Poetry with what it logs in with.
pub(crate) struct Poetry {
    work: Workplace,
    name: &'static str,
    /// The package whose version is told.
    package: &'static str,
}

impl Poetry {
    /// With its `auth.toml`.
    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let work = Workplace::new(world, repository, token).await;
        let login = format!("[http-basic.codeartifact]\nusername = \"aws\"\npassword = \"{token}\"\n");
        work.write("poetry/auth.toml", &login);
        Self::at(work, "poetry", "poetry")
    }

    /// With a plugin that asks AWS for a token, for each source whose address is one of the service's.
    pub(crate) async fn with_plugin(world: &World) -> Self {
        let work = Workplace::with_aws(world).await;
        Self::at(work, "poetry-plugin", "poetry_codeartifact_auth_plugin")
    }

    fn at(work: Workplace, name: &'static str, package: &'static str) -> Self {
        let repositories = format!("[repositories.codeartifact]\nurl = \"{}\"\n", work.endpoint);
        work.write("poetry/config.toml", &repositories);
        Self { work, name, package }
    }

    /// What a project says of the repository; the plugin looks nowhere else.
    fn source(&self) -> String {
        let url = format!("{}simple/", self.work.endpoint);
        format!("[[tool.poetry.source]]\nname = \"codeartifact\"\nurl = \"{url}\"\npriority = \"primary\"\n")
    }

    async fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = self.work.program("poetry");
        command
            .current_dir(folder)
            .args(["--no-interaction", "--no-ansi"])
            .args(arguments)
            .env("POETRY_CONFIG_DIR", self.work.path("poetry"))
            .env("POETRY_CACHE_DIR", self.work.path("cache"))
            .env("POETRY_VIRTUALENVS_IN_PROJECT", "true")
            .env("POETRY_KEYRING_ENABLED", "false")
            .env("POETRY_REQUESTS_MAX_RETRIES", "0");
        run(command).await
    }
}

impl Client for Poetry {
    const FORMAT: PackageFormat = PackageFormat::Pypi;

    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> String {
        version_of(self.work.programs, self.package)
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let backend = "requires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"";
        let folder = self.work.project(name, version, &format!("{backend}\n\n{}", self.source()));
        Some(self.run(&folder, &["publish", "--build", "--repository", "codeartifact"]).await)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        self.work.empty_installed();
        let project = format!(
            "[project]\nname = \"project\"\nversion = \"0\"\nrequires-python = \">=3.9\"\n\n\
             [tool.poetry]\npackage-mode = false\n\n{}",
            self.source()
        );
        self.work.write("installed/pyproject.toml", &project);
        Some(self.run(&self.work.path("installed"), &["add", &requirement(name, version)]).await)
    }

    async fn installed(&self, name: &str) -> String {
        let mut command = program(self.work.path("installed/.venv/bin/python"), self.work.home.path());
        command.args(["-c", &print_version(name)]);
        succeeded(&run(command).await).trim().to_owned()
    }
}
