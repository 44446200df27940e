//! uv, which installs and publishes.

use super::{Workplace, host, pinned_version, print_version, requirement};
use crate::program::{pinned, run, succeeded};
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::path::Path;
use std::process::Output;

/// uv with its `uv.toml`, which knows no secret, and a `.netrc`.
pub(crate) struct Uv(Workplace);

impl Uv {
    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let work = Workplace::new(world, repository, token).await;
        let Workplace { endpoint, .. } = &work;
        let index = format!(
            "[[index]]\nname = \"codeartifact\"\nurl = \"{endpoint}simple/\"\npublish-url = \"{endpoint}\"\n\
             default = true\n"
        );
        work.write("uv.toml", &index);
        work.write(".netrc", &format!("machine {} login aws password {token}\n", host(endpoint)));
        Self(work)
    }

    /// Install anew, with more arguments than a requirement.
    pub(crate) async fn install_with(&self, arguments: &[&str]) -> Output {
        self.0.empty_installed();
        let install = ["pip", "install", "--target", "installed"];
        self.run(self.0.home.path(), &[&install, arguments].concat()).await
    }

    async fn run(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = self.0.program("uv");
        command
            .current_dir(folder)
            .args(arguments)
            .env("UV_CONFIG_FILE", self.0.path("uv.toml"))
            .env("NETRC", self.0.path(".netrc"))
            .env("UV_CACHE_DIR", self.0.path("cache"))
            .env("UV_PYTHON", pinned("python").join("bin/python"))
            .env("UV_PYTHON_DOWNLOADS", "never")
            .env("UV_HTTP_RETRIES", "0");
        run(command).await
    }
}

impl Client for Uv {
    const FORMAT: PackageFormat = PackageFormat::Pypi;

    fn name(&self) -> &'static str {
        "uv"
    }

    fn version(&self) -> String {
        pinned_version("uv")
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        // uv has this build backend in itself.
        let backend = "requires = [\"uv_build\"]\nbuild-backend = \"uv_build\"";
        let folder = self.0.project(name, version, backend);
        succeeded(&self.run(&folder, &["build"]).await);
        Some(
            self.run(&folder, &["publish", "--index", "codeartifact", "--trusted-publishing", "never"]).await,
        )
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        Some(self.install_with(&[&requirement(name, version)]).await)
    }

    async fn installed(&self, name: &str) -> String {
        self.0.python(&print_version(name)).await
    }
}
