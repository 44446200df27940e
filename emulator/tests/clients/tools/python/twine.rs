//! twine, which only publishes.

use super::{Workplace, files, pinned_version};
use crate::program::{run, succeeded};
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::process::Output;

/// twine with its `.pypirc`.
pub(crate) struct Twine(Workplace);

impl Twine {
    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let work = Workplace::new(world, repository, token).await;
        let file = format!(
            "[distutils]\nindex-servers = codeartifact\n\n\
             [codeartifact]\nrepository = {}\nusername = aws\npassword = {}\n",
            work.endpoint, work.token
        );
        work.write(".pypirc", &file);
        Self(work)
    }
}

impl Client for Twine {
    const FORMAT: PackageFormat = PackageFormat::Pypi;

    fn name(&self) -> &'static str {
        "twine"
    }

    fn version(&self) -> String {
        pinned_version("twine")
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let backend = "requires = [\"flit_core\"]\nbuild-backend = \"flit_core.buildapi\"";
        let folder = self.0.project(name, version, backend);
        let mut build = self.0.program("pip");
        build
            .args(["wheel", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"])
            .args(["--no-cache-dir", "--disable-pip-version-check", "--wheel-dir", "dist", "."])
            .current_dir(&folder)
            .env("PIP_CONFIG_FILE", "/dev/null");
        succeeded(&run(build).await);
        let mut upload = self.0.program("twine");
        upload.args([
            "upload",
            "--non-interactive",
            "--disable-progress-bar",
            "--repository",
            "codeartifact",
        ]);
        upload.arg("--config-file").arg(self.0.path(".pypirc")).args(files(&folder.join("dist")));
        Some(run(upload).await)
    }
}
