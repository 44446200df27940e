//! npm, pnpm and Yarn.

use super::Client;
use crate::program::{pinned, program, run, succeeded};
use crate::surroundings::Surroundings;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use tempfile::TempDir;

/// What npm does not do.
const MANNERS: &str = "audit=false\nfund=false\nupdate-notifier=false\nfetch-retries=0\n";

/// How npm gives the token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Login {
    Bearer,
    Basic,
}

/// Which package manager, with how it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Npm10,
    Npm11,
    Pnpm,
    Yarn1,
    YarnBerry,
}

impl Tool {
    fn folder(self) -> PathBuf {
        let name = match self {
            Self::Npm10 => "npm10",
            Self::Npm11 => "npm11",
            Self::Pnpm => "pnpm",
            Self::Yarn1 => "yarn",
            Self::YarnBerry => "yarn-berry",
        };
        pinned("javascript").join("node_modules").join(name)
    }

    /// The program, which node runs.
    pub(super) fn script(self) -> PathBuf {
        self.folder().join(match self {
            Self::Npm10 | Self::Npm11 => "bin/npm-cli.js",
            Self::Pnpm => "bin/pnpm.cjs",
            Self::Yarn1 | Self::YarnBerry => "bin/yarn.js",
        })
    }

    fn install(self) -> &'static [&'static str] {
        match self {
            Self::Npm10 | Self::Npm11 => &["install"],
            Self::Pnpm | Self::YarnBerry => &["add"],
            Self::Yarn1 => &["add", "--non-interactive"],
        }
    }

    fn publish(self) -> &'static [&'static str] {
        match self {
            Self::Npm10 | Self::Npm11 => &["publish"],
            Self::Pnpm => &["publish", "--no-git-checks"],
            Self::Yarn1 => &["publish", "--non-interactive"],
            Self::YarnBerry => &["npm", "publish"],
        }
    }
}

/// One of them with its configuration, its cache, and a project.
pub(crate) struct JavaScript {
    tool: Tool,
    home: TempDir,
    surroundings: Surroundings,
}

impl JavaScript {
    /// At the repository, with the world's token.
    pub(crate) async fn new(tool: Tool, world: &World, repository: &str, login: Login) -> Self {
        Self::with_token(tool, world, repository, login, &world.token).await
    }

    pub(crate) async fn with_token(
        tool: Tool,
        world: &World,
        repository: &str,
        login: Login,
        token: &str,
    ) -> Self {
        let home = tempfile::tempdir().unwrap();
        let registry = world.endpoint(PackageFormat::Npm, repository).await;
        let write = |path: &str, text: &str| std::fs::write(home.path().join(path), text).unwrap();
        if tool == Tool::YarnBerry {
            write(".yarnrc.yml", &yarnrc(&registry, login, token, &world.surroundings));
        } else {
            let mut npmrc = npmrc(tool, &registry, login, token);
            if let (Tool::Yarn1, Some(authority)) = (tool, world.surroundings.authority()) {
                writeln!(npmrc, "cafile={}", authority.display()).unwrap();
            }
            write(".npmrc", &npmrc);
            write(".yarnrc", "disable-self-update-check true\n");
        }
        std::fs::create_dir(home.path().join("project")).unwrap();
        write("project/package.json", "{\"private\":true}");
        Self { tool, home, surroundings: world.surroundings.clone() }
    }

    /// Without an address and a token.
    pub(super) fn without_login(tool: Tool, world: &World) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".npmrc"), MANNERS).unwrap();
        std::fs::create_dir(home.path().join("project")).unwrap();
        Self { tool, home, surroundings: world.surroundings.clone() }
    }

    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Run it in the project.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(&self.project(), arguments).await
    }

    /// Make a package of that name and version, and publish it.
    pub(crate) async fn publish(&self, name: &str, version: &str) -> Output {
        let folder = tempfile::tempdir_in(self.home.path()).unwrap();
        let mut manifest = json!({ "name": name, "version": version, "main": "index.js" });
        manifest["description"] = "Private things".into();
        manifest["license"] = "MIT".into();
        std::fs::write(folder.path().join("README.md"), format!("# {name}\n")).unwrap();
        std::fs::write(folder.path().join("package.json"), manifest.to_string()).unwrap();
        let module = format!("module.exports = {};", json!({ "name": name, "version": version }));
        std::fs::write(folder.path().join("index.js"), module).unwrap();
        if self.tool == Tool::YarnBerry {
            // It publishes only what its lock file knows.
            succeeded(&self.run_in(folder.path(), &["install"]).await);
        }
        self.run_in(folder.path(), self.tool.publish()).await
    }

    async fn run_in(&self, folder: &Path, arguments: &[&str]) -> Output {
        let home = self.home.path();
        let mut command = program("node", home);
        command
            .arg(self.tool.script())
            .args(arguments)
            .current_dir(folder)
            .env("NPM_CONFIG_USERCONFIG", home.join(".npmrc"))
            .env("NPM_CONFIG_GLOBALCONFIG", home.join("none"))
            .env("NPM_CONFIG_CACHE", home.join("cache"))
            // As root, Yarn 1 would have it outside its home.
            .env("YARN_CACHE_FOLDER", home.join("yarn-cache"));
        self.surroundings.tell(&mut command);
        run(command).await
    }

    fn project(&self) -> PathBuf {
        self.home.path().join("project")
    }

    /// The `package.json` of an installed package.
    pub(crate) fn manifest(&self, name: &str) -> Value {
        let folder = self.project().join("node_modules").join(name);
        let text = std::fs::read_to_string(folder.join("package.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// What an installed package's module exports.
    pub(crate) async fn required(&self, name: &str) -> Value {
        let mut command = program("node", self.home.path());
        let script = format!("process.stdout.write(JSON.stringify(require('{name}')))");
        command.current_dir(self.project()).args(["-e", &script]);
        serde_json::from_str(&succeeded(&run(command).await)).unwrap()
    }
}

impl Client for JavaScript {
    const FORMAT: PackageFormat = PackageFormat::Npm;

    fn name(&self) -> &'static str {
        match self.tool {
            Tool::Npm10 => "npm-10",
            Tool::Npm11 => "npm-11",
            Tool::Pnpm => "pnpm",
            Tool::Yarn1 => "yarn-1",
            Tool::YarnBerry => "yarn-berry",
        }
    }

    fn version(&self) -> String {
        let manifest = std::fs::read(self.tool.folder().join("package.json")).unwrap();
        let manifest: Value = serde_json::from_slice(&manifest).unwrap();
        manifest["version"].as_str().unwrap().to_owned()
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        Some(self.publish(name, version).await)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        std::fs::remove_dir_all(self.project()).unwrap();
        std::fs::create_dir(self.project()).unwrap();
        std::fs::write(self.project().join("package.json"), "{\"private\":true}").unwrap();
        let wanted = version.map_or_else(|| name.to_owned(), |version| format!("{name}@{version}"));
        Some(self.run(&[self.tool.install(), &[wanted.as_str()]].concat()).await)
    }

    async fn installed(&self, name: &str) -> String {
        self.required(name).await["version"].as_str().unwrap().to_owned()
    }
}

/// For all but Yarn Berry.
fn npmrc(tool: Tool, registry: &str, login: Login, token: &str) -> String {
    let (_, place) = registry.split_once(':').unwrap();
    let secret = match login {
        Login::Bearer => format!("{place}:_authToken={token}"),
        Login::Basic => {
            format!("{place}:username=aws\n{place}:_password={}", BASE64_STANDARD.encode(token))
        }
    };
    let more = match tool {
        // Otherwise it sends the token for packages with a scope only.
        Tool::Yarn1 => format!("{place}:always-auth=true\n"),
        // It has npm publish.
        Tool::Pnpm => format!("npm-path={}\n", Tool::Npm11.script().display()),
        _ => String::new(),
    };
    format!("registry={registry}\n{secret}\n{more}{MANNERS}")
}

fn yarnrc(registry: &str, login: Login, token: &str, surroundings: &Surroundings) -> String {
    let secret = match login {
        Login::Bearer => format!("npmAuthToken: {token:?}"),
        Login::Basic => format!("npmAuthIdent: {:?}", format!("aws:{token}")),
    };
    let more = match (surroundings.proxy(), surroundings.authority()) {
        (Some(proxy), Some(authority)) => {
            format!("httpsProxy: \"http://{proxy}\"\nhttpsCaFilePath: \"{}\"\n", authority.display())
        }
        _ => String::new(),
    };
    format!(
        "npmRegistryServer: {registry:?}\n\
         npmRegistries:\n  {registry:?}:\n    npmAlwaysAuth: true\n    {secret}\n\
         unsafeHttpWhitelist: [\"127.0.0.1\"]\n\
         enableTelemetry: false\nenableGlobalCache: false\nnodeLinker: node-modules\nhttpRetry: 0\n\
         npmMinimalAgeGate: 0\n{more}"
    )
}
