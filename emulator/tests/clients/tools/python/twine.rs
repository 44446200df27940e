//! twine, which only publishes.

use super::{Workplace, files, login, version_of};
use crate::program::{run, succeeded};
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::path::Path;
use std::process::Output;

/// twine with its `.pypirc`.
pub(crate) struct Twine {
    work: Workplace,
    name: &'static str,
    /// The package whose version is told.
    package: &'static str,
}

impl Twine {
    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let work = Workplace::new(world, repository, token).await;
        let file = format!(
            "[distutils]\nindex-servers = codeartifact\n\n\
             [codeartifact]\nrepository = {}\nusername = aws\npassword = {}\n",
            work.endpoint, work.token
        );
        work.write(".pypirc", &file);
        Self { work, name: "twine", package: "twine" }
    }

    /// With what the AWS CLI configures.
    pub(crate) async fn logged_in(world: &World) -> Self {
        let work = Workplace::with_aws(world).await;
        succeeded(&login(world, "twine", work.home.path(), Path::new("")).await);
        Self { work, name: "aws-twine", package: "awscli" }
    }

    /// With a keyring that asks AWS for a token.
    pub(crate) async fn with_keyring(world: &World) -> Self {
        let work = Workplace::with_aws(world).await;
        let repository = format!("[codeartifact]\nrepository = {}\nusername = aws\n", work.endpoint);
        work.write(".pypirc", &format!("[distutils]\nindex-servers = codeartifact\n\n{repository}"));
        Self { work, name: "keyrings-twine", package: "keyrings_codeartifact" }
    }
}

impl Client for Twine {
    const FORMAT: PackageFormat = PackageFormat::Pypi;

    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> String {
        version_of(self.work.programs, self.package)
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let backend = "requires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"";
        let folder = self.work.project(name, version, backend);
        let mut build = self.work.program("pip");
        build
            .args(["wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"])
            .args(["--no-cache-dir", "--disable-pip-version-check", "--wheel-dir", "dist", "."])
            .current_dir(&folder)
            .env("PIP_CONFIG_FILE", "/dev/null");
        succeeded(&run(build).await);
        let mut upload = self.work.program("twine");
        upload.args([
            "upload",
            "--non-interactive",
            "--disable-progress-bar",
            "--repository",
            "codeartifact",
        ]);
        upload.arg("--config-file").arg(self.work.path(".pypirc")).args(files(&folder.join("dist")));
        Some(run(upload).await)
    }
}
