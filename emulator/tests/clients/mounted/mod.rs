//! Every client with nothing but the Secret of the operator, mounted as in a Pod: the files that the operator renders, variables with
//! paths, and links. The token is rotated while the client stays as it is.

mod mount;
mod tools;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use codeartifact_operator::api::Format;
use codeartifact_operator::credential::usage;
use jiff::SignedDuration;
use tempfile::TempDir;

use crate::program::{clients, failed, pinned, program, run, succeeded};
use crate::world::World;
use mount::{Mount, registry};
use tools::Tool;

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
            let place = path.replace("$CARGO_HOME", "~/cargo").replace('~', &home.display().to_string());
            std::fs::create_dir_all(Path::new(&place).parent().unwrap()).unwrap();
            symlink(self.mount.folder().join(key), place).unwrap();
        }
    }

    /// Run a script in a new folder, with a cold cache.
    async fn run(&self, script: &str, name: &str, version: &str) -> Output {
        let folder = tempfile::tempdir_in(self.home.path()).unwrap().keep();
        let mut command = program("bash", self.home.path());
        command.current_dir(&folder).args(["-euo", "pipefail", "-c", script]);
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
        let told = succeeded(&self.run(self.tool.install, name, version).await);
        assert!(told.lines().any(|line| line.trim() == format!("installed {version}")), "{told}");
    }

    /// Install what is public, and publish and install what is not, as far as the tool does either.
    async fn work(&self, version: &str) {
        let (public, private) = (self.tool.name_of("left-pad"), self.tool.name_of("widgets"));
        if !self.tool.install.is_empty() {
            self.install(&public, "1.3.0").await;
        }
        let scoped: &[&str] = if self.tool.is_npm() { &["@acme/widgets"] } else { &[] };
        for name in [&[private.as_str()], scoped].concat() {
            let Some(publish) = self.tool.publish else { continue };
            succeeded(&self.run(publish, name, version).await);
            let repository = if name.starts_with('@') { "labs" } else { "team" };
            let held = self.world.held(repository, self.tool.package.clone(), name).await;
            assert!(held.contains(&version.to_owned()), "{held:?}");
            if !self.tool.install.is_empty() {
                self.install(name, version).await;
            }
        }
    }

    async fn rotate(&self) {
        self.world.emulator.advance(LIFE + SignedDuration::from_secs(1));
        self.mount.rotate(&mint(&self.world).await);
    }

    fn passed(&self, check: &str) {
        std::fs::create_dir_all(clients()).unwrap();
        let mut results =
            OpenOptions::new().create(true).append(true).open(clients().join("mounted")).unwrap();
        results.write_all(format!("{} {check}\n", self.tool.name).as_bytes()).unwrap();
    }
}

async fn mint(world: &World) -> String {
    let seconds = i64::try_from(LIFE.as_secs()).unwrap();
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
    command.env("CARGO", env!("CARGO")).env("RUSTC", Path::new(env!("CARGO")).with_file_name("rustc"));
    command.env("TOOLS", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/tools"));
}

/// What each client is put to: it works, it works with the next token without being told, and it fails clearly without a good one.
async fn put(name: &str) {
    let tool = tools::named(name);
    let pod = Pod::new(&tool).await;
    pod.world.seed(tool.connection(), &[(&tool.name_of("left-pad"), "1.3.0")]).await;
    pod.work("1.0.0").await;
    for (check, does) in [("install", !tool.install.is_empty()), ("publish", tool.publish.is_some())] {
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
    let script = tool.publish.unwrap_or(tool.install);
    let told = failed(&pod.run(script, &tool.name_of("gadgets"), "1.0.0").await).to_ascii_lowercase();
    let clear = ["401", "authenti", "authori", "credentials"].iter().any(|word| told.contains(word));
    assert!(clear, "{told}");
    if !tool.install.is_empty() {
        let told = failed(&pod.run(tool.install, &tool.name_of("left-pad"), "1.3.0").await).to_ascii_lowercase();
        let clear = ["401", "authenti", "authori", "credentials"].iter().any(|word| told.contains(word));
        assert!(clear, "{told}");
    }
    pod.passed("expired");
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
    pip "pip", uv "uv", uv_by_variables "uv-env", poetry "poetry", twine "twine",
    maven "mvn", gradle "gradle", cargo "cargo", gem "gem", bundler "bundler", curl "curl",
}
