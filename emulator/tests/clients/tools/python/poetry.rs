//! Poetry, which installs and publishes.

use super::{Workplace, pinned_version, print_version, requirement};
use crate::program::{program, run, succeeded};
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::path::Path;
use std::process::Output;

/// Poetry with its `auth.toml`.
pub(crate) struct Poetry(Workplace);

impl Poetry {
    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let work = Workplace::new(world, repository, token).await;
        let login = format!("[http-basic.codeartifact]\nusername = \"aws\"\npassword = \"{token}\"\n");
        work.write("poetry/auth.toml", &login);
        let repositories = format!("[repositories.codeartifact]\nurl = \"{}\"\n", work.endpoint);
        work.write("poetry/config.toml", &repositories);
        Self(work)
    }

    async fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = self.0.program("poetry");
        command
            .current_dir(folder)
            .args(["--no-interaction", "--no-ansi"])
            .args(arguments)
            .env("POETRY_CONFIG_DIR", self.0.path("poetry"))
            .env("POETRY_CACHE_DIR", self.0.path("cache"))
            .env("POETRY_VIRTUALENVS_IN_PROJECT", "true")
            .env("POETRY_KEYRING_ENABLED", "false")
            .env("POETRY_REQUESTS_MAX_RETRIES", "0");
        run(command).await
    }
}

impl Client for Poetry {
    const FORMAT: PackageFormat = PackageFormat::Pypi;

    fn name(&self) -> &'static str {
        "poetry"
    }

    fn version(&self) -> String {
        pinned_version("poetry")
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let backend = "requires = [\"poetry-core\"]\nbuild-backend = \"poetry.core.masonry.api\"";
        let folder = self.0.project(name, version, backend);
        Some(self.run(&folder, &["publish", "--build", "--repository", "codeartifact"]).await)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        self.0.empty_installed();
        let project = format!(
            "[project]\nname = \"project\"\nversion = \"0\"\nrequires-python = \">=3.9\"\n\n\
             [tool.poetry]\npackage-mode = false\n\n\
             [[tool.poetry.source]]\nname = \"codeartifact\"\nurl = \"{}simple/\"\npriority = \"primary\"\n",
            self.0.endpoint
        );
        self.0.write("installed/pyproject.toml", &project);
        Some(self.run(&self.0.path("installed"), &["add", &requirement(name, version)]).await)
    }

    async fn installed(&self, name: &str) -> String {
        let mut command = program(self.0.path("installed/.venv/bin/python"), self.0.home.path());
        command.args(["-c", &print_version(name)]);
        succeeded(&run(command).await).trim().to_owned()
    }
}
