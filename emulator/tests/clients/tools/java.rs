//! Maven and Gradle.

use super::Client;
use crate::program::{pinned, program, run, succeeded};
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

/// The goals that deploy and that copy what a project needs, each with its plugin's version.
const PLUGINS: &str = include_str!("../setup/maven/plugins");

/// What Debian's Gradle lacks.
const INIT_SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/tools/debian.init.gradle");

/// Quick to start, small, and on one core.
const JVM: &str = "-Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

/// Where a Java client works, and with what it logs in.
struct Workplace {
    home: TempDir,
    endpoint: String,
    token: String,
}

impl Workplace {
    async fn new(world: &World, token: &str) -> Self {
        let endpoint = world.endpoint(PackageFormat::Maven, "team").await;
        Self { home: tempfile::tempdir().unwrap(), endpoint, token: token.into() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A new folder with one file.
    fn folder(&self, file: &str, text: &str) -> PathBuf {
        let folder = tempfile::Builder::new().prefix("project").tempdir_in(self.home.path()).unwrap().keep();
        std::fs::write(folder.join(file), text).unwrap();
        folder
    }

    /// A jar that knows its own version. No two clients make the same one.
    fn jar(&self, name: &str, version: &str) -> PathBuf {
        let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file("made.properties", SimpleFileOptions::default()).unwrap();
        let maker = self.home.path().display();
        write!(archive, "name={name}\nversion={version}\nmaker={maker}\n").unwrap();
        let path = self.path("made.jar");
        std::fs::write(&path, archive.finish().unwrap().into_inner()).unwrap();
        path
    }

    /// Forget what was installed before.
    fn empty_installed(&self) -> PathBuf {
        let folder = self.path("installed");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        folder
    }

    /// The version that the one installed jar says it has.
    fn installed(&self, name: &str) -> String {
        let mut files = std::fs::read_dir(self.path("installed")).unwrap();
        let jar = std::fs::File::open(files.next().unwrap().unwrap().path()).unwrap();
        assert!(files.next().is_none());
        let mut text = String::new();
        let mut archive = zip::ZipArchive::new(jar).unwrap();
        archive.by_name("made.properties").unwrap().read_to_string(&mut text).unwrap();
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
        assert_eq!(value("name="), name);
        value("version=")
    }
}

fn plugin(goal: &str) -> &'static str {
    PLUGINS.lines().find(|plugin| plugin.ends_with(goal)).unwrap()
}

/// `org.acme:widgets` taken apart.
fn coordinates(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap()
}

/// The version after a program's name in what it says of itself.
fn said_version(file: &Path, word: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let output = program(file, home.path()).arg("--version").output().unwrap();
    let said = succeeded(&output);
    let version = said.split(word).nth(1).unwrap().split_whitespace().next().unwrap();
    version.trim_end_matches("\u{1b}[m").to_owned()
}

fn maven() -> PathBuf {
    pinned("maven").join("bin/mvn")
}

/// Maven with its `settings.xml` and a local repository of its own, which has the plugins.
pub(crate) struct Maven(Workplace);

impl Maven {
    pub(crate) async fn with_token(world: &World, token: &str) -> Self {
        let workplace = Workplace::new(world, token).await;
        let endpoint = &workplace.endpoint;
        let settings = format!(
            "<settings>
               <servers><server><id>team</id><username>aws</username><password>{token}</password></server></servers>
               <mirrors><mirror><id>team</id><mirrorOf>*</mirrorOf><url>{endpoint}</url></mirror></mirrors>
               <profiles><profile><id>team</id>
                 <repositories><repository><id>team</id><url>{endpoint}</url></repository></repositories>
               </profile></profiles>
               <activeProfiles><activeProfile>team</activeProfile></activeProfiles>
             </settings>"
        );
        std::fs::write(workplace.path("settings.xml"), settings).unwrap();
        share(&pinned("maven").join("repository"), &workplace.path("repository"));
        Self(workplace)
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = program(maven(), self.0.home.path());
        command
            .current_dir(folder)
            .args(["--batch-mode", "--update-snapshots"])
            .arg("--settings")
            .arg(self.0.path("settings.xml"))
            .arg(format!("-Dmaven.repo.local={}", self.0.path("repository").display()))
            .env("MAVEN_OPTS", JVM)
            .env("MAVEN_SKIP_RC", "1");
        command
    }
}

/// The folder again, with the same files in it: Maven writes a new file instead of an old one.
fn share(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            share(&entry.path(), &to);
        } else if std::fs::hard_link(entry.path(), &to).is_err() {
            // On another file system.
            std::fs::copy(entry.path(), &to).unwrap();
        }
    }
}

impl Client for Maven {
    const FORMAT: PackageFormat = PackageFormat::Maven;

    fn name(&self) -> &'static str {
        "mvn"
    }

    fn version(&self) -> String {
        said_version(&maven(), "Apache Maven ")
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let (group, artifact) = coordinates(name);
        let jar = self.0.jar(name, version);
        let mut command = self.command(self.0.home.path());
        command.arg(plugin("deploy-file")).arg(format!("-Dfile={}", jar.display())).args([
            format!("-DgroupId={group}"),
            format!("-DartifactId={artifact}"),
            format!("-Dversion={version}"),
            format!("-Durl={}", self.0.endpoint),
            "-DrepositoryId=team".into(),
        ]);
        Some(run(command).await)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        let (group, artifact) = coordinates(name);
        let version = version.unwrap_or("[0,)");
        let project = self.0.folder(
            "pom.xml",
            &format!(
                "<project>
                   <modelVersion>4.0.0</modelVersion>
                   <groupId>test</groupId><artifactId>project</artifactId><version>1</version>
                   <packaging>pom</packaging>
                   <dependencies><dependency>
                     <groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>
                   </dependency></dependencies>
                 </project>"
            ),
        );
        let installed = self.0.empty_installed();
        let mut command = self.command(&project);
        command.arg(plugin("copy-dependencies")).arg(format!("-DoutputDirectory={}", installed.display()));
        Some(run(command).await)
    }

    async fn installed(&self, name: &str) -> String {
        self.0.installed(name)
    }
}

/// Gradle with a home of its own.
pub(crate) struct Gradle(Workplace);

impl Gradle {
    pub(crate) async fn with_token(world: &World, token: &str) -> Self {
        Self(Workplace::new(world, token).await)
    }

    /// Run a task of a build script in which `repository` stands for the emulator's.
    async fn run(&self, task: &str, script: &str) -> Output {
        let repository = format!(
            "maven {{ url '{}'; credentials {{ username 'aws'; password System.getenv('CODEARTIFACT_AUTH_TOKEN') }} }}",
            self.0.endpoint
        );
        let project = self.0.folder("build.gradle", &script.replace("REPOSITORY", &repository));
        // Without this file Gradle looks for one in the folders above.
        std::fs::write(project.join("settings.gradle"), "").unwrap();
        let mut command = program("gradle", self.0.home.path());
        command
            .current_dir(&project)
            .args([
                "--no-daemon",
                "--console=plain",
                "--refresh-dependencies",
                "--init-script",
                INIT_SCRIPT,
                task,
            ])
            .env("GRADLE_USER_HOME", self.0.path("gradle"))
            .env("GRADLE_OPTS", format!("{JVM} --add-opens=java.base/java.net=ALL-UNNAMED"))
            .env("CODEARTIFACT_AUTH_TOKEN", &self.0.token);
        run(command).await
    }
}

impl Client for Gradle {
    const FORMAT: PackageFormat = PackageFormat::Maven;

    fn name(&self) -> &'static str {
        "gradle"
    }

    fn version(&self) -> String {
        said_version(Path::new("gradle"), "Gradle ")
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let (group, artifact) = coordinates(name);
        let jar = self.0.jar(name, version);
        let script = format!(
            "apply plugin: 'maven-publish'
             publishing {{
               publications {{ made(MavenPublication) {{
                 groupId '{group}'; artifactId '{artifact}'; version '{version}'; artifact file('{}')
               }} }}
               repositories {{ REPOSITORY }}
             }}",
            jar.display()
        );
        Some(self.run("publish", &script).await)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        let version = version.unwrap_or("+");
        let installed = self.0.empty_installed();
        let script = format!(
            "repositories {{ REPOSITORY }}
             configurations {{ made }}
             dependencies {{ made '{name}:{version}' }}
             task install(type: Copy) {{ from configurations.made; into '{}' }}",
            installed.display()
        );
        Some(self.run("install", &script).await)
    }

    async fn installed(&self, name: &str) -> String {
        self.0.installed(name)
    }
}
