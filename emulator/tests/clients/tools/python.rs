//! pip, uv, twine and Poetry.

use super::Client;
use crate::program::{pinned, program, run, succeeded};
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// Where a Python client works, and with what it logs in.
struct Workplace {
    home: TempDir,
    /// The repository's address, with a slash at its end.
    endpoint: String,
    token: String,
}

impl Workplace {
    async fn new(world: &World, repository: &str, token: &str) -> Self {
        let endpoint = world.endpoint(PackageFormat::Pypi, repository).await;
        Self { home: tempfile::tempdir().unwrap(), endpoint, token: token.into() }
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
        program(pinned("python").join("bin").join(name), self.home.path())
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

/// The version of a pinned package, as its metadata says.
fn pinned_version(name: &str) -> String {
    let libraries = std::fs::read_dir(pinned("python").join("lib")).unwrap();
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

fn print_version(name: &str) -> String {
    format!("import {0}; print({0}.__version__)", name.replace('-', "_"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect()
}

/// pip with a folder to install into.
pub(crate) struct Pip(Workplace);

impl Pip {
    /// At the repository, with the world's token in the index URL.
    pub(crate) async fn new(world: &World, repository: &str) -> Self {
        Self::with_token(world, repository, &world.token).await
    }

    pub(crate) async fn with_token(world: &World, repository: &str, token: &str) -> Self {
        let work = Workplace::new(world, repository, token).await;
        let index = work.endpoint.replace("http://", &format!("http://aws:{token}@"));
        work.write("pip.conf", &format!("[global]\nindex-url = {index}simple/\n"));
        Self(work)
    }

    /// Install a requirement into the folder `installed`.
    pub(crate) async fn install(&self, requirement: &str) -> Output {
        let mut command = self.0.program("pip");
        command
            .args(["install", "--no-input", "--no-cache-dir", "--retries=0", "--disable-pip-version-check"])
            .args(["--target", "installed", "--upgrade", requirement])
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
        work.write(".netrc", &format!("machine 127.0.0.1 login aws password {token}\n"));
        Self(work)
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
        self.0.empty_installed();
        let wanted = requirement(name, version);
        Some(self.run(self.0.home.path(), &["pip", "install", "--target", "installed", &wanted]).await)
    }

    async fn installed(&self, name: &str) -> String {
        self.0.python(&print_version(name)).await
    }
}

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
