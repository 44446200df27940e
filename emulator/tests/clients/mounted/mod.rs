//! Every client with nothing but the Secret of the operator, mounted as in a Pod: the files that the operator renders, variables with
//! paths, and links. The token is rotated while the client stays as it is.

mod mount;
mod tools;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use aws_sdk_codeartifact::types::PackageFormat;
use codeartifact_operator::api::Format;
use codeartifact_operator::credential::usage;
use jiff::SignedDuration;
use tempfile::TempDir;

use crate::program::{clients, failed, pinned, program, run, succeeded};
use crate::world::World;
use mount::{Mount, registry};
use tools::Tool;

/// Where scripts find scripts.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// How long the tokens live.
const LIFE: SignedDuration = SignedDuration::from_mins(15);

/// A Pod: a home that is empty but for links, and the mount.
struct Pod<'a> {
    tool: &'a Tool,
    world: World,
    home: TempDir,
    mount: Mount,
}

impl<'a> Pod<'a> {
    async fn new(tool: &'a Tool) -> Self {
        let world = World::new().await;
        world.client.create_repository().domain("acme").repository("labs").send().await.unwrap();
        let home = tempfile::tempdir().unwrap();
        let url = world.emulator.url();
        // All formats in one Secret: no tool minds the files of another.
        let several = Format::ALL.into_iter().filter(|format| ![Format::Pip, Format::Sbt].contains(format));
        let registries = vec![
            registry(&url, "team", None, Format::ALL.to_vec()),
            registry(&url, "labs", Some("@acme"), several.collect()),
        ];
        let token = mint(&world).await;
        let mount = Mount::new(home.path().join("mount"), registries, tool.file_mode, &token);
        let pod = Self { tool, world, home, mount };
        pod.link();
        pod
    }

    /// The links that the table of formats says.
    fn link(&self) {
        let home = self.home.path();
        for (key, path) in self.tool.formats.iter().flat_map(|format| usage::of(*format).links) {
            let place = path
                .replace("$CARGO_HOME", "~/cargo")
                .replace("$GRADLE_USER_HOME", "~/gradle")
                .replace('~', &home.display().to_string());
            std::fs::create_dir_all(Path::new(&place).parent().unwrap()).unwrap();
            symlink(self.mount.folder().join(key), place).unwrap();
        }
    }

    /// Run the client's script in a new folder, with a cold cache.
    async fn run(&self, what: &str, name: &str, version: &str) -> Output {
        let folder = tempfile::tempdir_in(self.home.path()).unwrap().keep();
        let mut command = program("bash", self.home.path());
        let script = Path::new(FILES).join("mounted/scripts").join(format!("{}.sh", self.tool.name));
        command.current_dir(&folder).args(["-euo", "pipefail"]).arg(script).arg(what);
        let mount = self.mount.folder();
        for usage in self.tool.formats.iter().map(|format| usage::of(*format)) {
            command.envs(usage.variables(&mount.display().to_string()));
        }
        command.env("MOUNT", mount).env("CACHE", folder.join("cache"));
        command.env("NAME", name).env("VERSION", version);
        programs(&mut command);
        run(command).await
    }

    async fn install(&self, name: &str, version: &str) {
        let told = succeeded(&self.run("install", name, version).await);
        assert!(told.lines().any(|line| line.trim() == format!("installed {version}")), "{told}");
    }

    /// Install what is public, and publish and install what is not, as far as the tool does either.
    async fn work(&self, version: &str) {
        let (public, private) = (self.tool.name_of("left-pad"), self.tool.name_of("widgets"));
        if self.tool.installs {
            self.install(&public, "1.3.0").await;
        }
        if !self.tool.publishes {
            return;
        }
        let scoped: &[&str] = if self.tool.package == PackageFormat::Npm { &["@acme/widgets"] } else { &[] };
        for name in [&[private.as_str()], scoped].concat() {
            succeeded(&self.run("publish", name, version).await);
            let repository = if name.starts_with('@') { "labs" } else { "team" };
            let held = self.world.held(repository, self.tool.package.clone(), name).await;
            assert!(held.contains(&version.to_owned()), "{held:?}");
            if self.tool.installs {
                self.install(name, version).await;
            }
        }
    }

    async fn rotate(&self) {
        self.world.emulator.advance(LIFE + SignedDuration::from_secs(1));
        self.mount.rotate(&mint(&self.world).await);
    }

    /// The client fails, and says that it lacks a login.
    async fn refused(&self, what: &str, does: bool, name: &str, version: &str) {
        if does {
            let told = failed(&self.run(what, &self.tool.name_of(name), version).await).to_ascii_lowercase();
            if self.tool.name == "pip-netrc" {
                // It says nothing of a login from there that is refused.
                return;
            }
            let clear = ["401", "authenti", "authori", "credentials"].iter().any(|word| told.contains(word));
            assert!(clear, "{told}");
            self.passed("expired");
        }
    }

    fn passed(&self, check: &str) {
        std::fs::create_dir_all(clients()).unwrap();
        let mut results =
            OpenOptions::new().create(true).append(true).open(clients().join("mounted")).unwrap();
        results.write_all(format!("{} {check}\n", self.tool.name).as_bytes()).unwrap();
    }
}

async fn mint(world: &World) -> String {
    let seconds = LIFE.as_secs();
    let minted = world.client.get_authorization_token().domain("acme").duration_seconds(seconds).send().await;
    minted.unwrap().authorization_token().unwrap().to_owned()
}

/// Where scripts find the pinned programs.
fn programs(command: &mut Command) {
    let javascript = pinned("javascript").join("node_modules");
    for (variable, path) in [
        ("NPM10", "npm10/bin/npm-cli.js"),
        ("NPM11", "npm11/bin/npm-cli.js"),
        ("PNPM", "pnpm/bin/pnpm.cjs"),
        ("YARN1", "yarn/bin/yarn.js"),
        ("BERRY", "yarn-berry/bin/yarn.js"),
    ] {
        command.env(variable, javascript.join(path));
    }
    command.env("PYTHON", pinned("python").join("bin")).env("MAVEN", pinned("maven"));
    command.env("GRADLE8", pinned("gradle"));
    command.env("RENOVATE", pinned("renovate").join("node_modules/renovate/dist/renovate.js"));
    command.env("CARGO", env!("CARGO")).env("RUSTC", Path::new(env!("CARGO")).with_file_name("rustc"));
    for (variable, folder) in [("TOOLS", "tools"), ("SETUP", "setup"), ("SCRIPTS", "mounted/scripts")] {
        command.env(variable, Path::new(FILES).join(folder));
    }
}

/// What each client is put to: it works, it works with the next token without being told, and it fails clearly without a good one.
async fn put(name: &str) {
    let tool = tools::named(name);
    let pod = Pod::new(&tool).await;
    pod.world.seed(tool.connection(), &[(&tool.name_of("left-pad"), "1.3.0")]).await;
    pod.work("1.0.0").await;
    for (check, does) in [("install", tool.installs), ("publish", tool.publishes)] {
        if does {
            pod.passed(check);
        }
    }
    let before = pod.mount.read("token");
    pod.rotate().await;
    assert_ne!(pod.mount.read("token"), before);
    pod.work("1.1.0").await;
    pod.passed("rotated");
    pod.world.emulator.advance(LIFE + SignedDuration::from_secs(1));
    pod.refused("install", tool.installs, "left-pad", "1.3.0").await;
    pod.refused("publish", tool.publishes, "gadgets", "1.0.0").await;
}

macro_rules! clients {
    ($($name:ident $client:literal),+ $(,)?) => {
        $(#[tokio::test]
        async fn $name() {
            put($client).await;
        })+
    };
}

clients! {
    npm_10 "npm-10", npm_11 "npm-11", pnpm "pnpm", yarn_1 "yarn-1", yarn_berry "yarn-berry",
    pip "pip", pip_by_netrc "pip-netrc", uv "uv", uv_by_variables "uv-env", poetry "poetry", twine "twine",
    twine_by_variables "twine-env",
    maven "mvn", gradle "gradle", gradle_8 "gradle-8", cargo "cargo", gem "gem", bundler "bundler", curl "curl", renovate "renovate",
}

/// A build whose configuration is cached works after a renewal, what Gradle has to fetch or send it fetches and sends with the new token,
/// and none of its files holds a token.
#[tokio::test]
async fn a_reused_configuration_cache_outlives_the_token_and_holds_none() {
    let tool = tools::named("gradle-8");
    let pod = Pod::new(&tool).await;
    let name = tool.name_of("widgets");
    let reuse = async |version| succeeded(&pod.run("reuse", &name, version).await);
    succeeded(&pod.run("publish", &name, "1.0.0").await);
    let told = reuse("1.0.0").await;
    assert!(told.contains("Configuration cache entry stored") && told.contains("installed 1.0.0"), "{told}");
    let first = pod.mount.read("token");
    pod.rotate().await;
    let told = reuse("1.0.0").await;
    assert!(told.contains("Configuration cache entry reused") && told.contains("installed 1.0.0"), "{told}");
    succeeded(&pod.run("publish", &name, "1.1.0").await);
    let told = reuse("1.1.0").await;
    assert!(told.contains("installed 1.1.0"), "{told}");
    for token in [first, pod.mount.read("token")] {
        let holders = holders(pod.home.path(), pod.mount.folder(), token.as_bytes());
        assert!(holders.is_empty(), "{holders:?}");
    }
    pod.passed("reused");
}

/// The files below a folder that hold a text, but for those of the mount.
fn holders(folder: &Path, mount: &Path, text: &[u8]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path == mount || entry.file_type().unwrap().is_symlink() {
            continue;
        }
        if path.is_dir() {
            found.extend(holders(&path, mount, text));
        } else if std::fs::read(&path).unwrap().windows(text.len()).any(|part| part == text) {
            found.push(path);
        }
    }
    found
}
