//! Maven.

use super::{Maker, Workplace, coordinates, said_version};
use crate::program::{pinned, program, run};
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The goals that deploy and that copy what a project needs, each with its plugin's version.
const PLUGINS: &str = include_str!("../../setup/maven/plugins");

fn plugin(goal: &str) -> &'static str {
    PLUGINS.lines().find(|plugin| plugin.ends_with(goal)).unwrap()
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
        let proxies = world.surroundings.proxy().map_or_else(String::new, |proxy| {
            format!(
                "<proxies><proxy><id>emulator</id><active>true</active><protocol>https</protocol>
                 <host>{}</host><port>{}</port></proxy></proxies>",
                proxy.ip(),
                proxy.port()
            )
        });
        let settings = format!(
            "<settings>
               <servers><server><id>team</id><username>aws</username><password>{token}</password></server></servers>
               {proxies}<mirrors><mirror><id>team</id><mirrorOf>*</mirrorOf><url>{endpoint}</url></mirror></mirrors>
               <profiles><profile><id>team</id>
                 <repositories><repository><id>team</id><url>{endpoint}</url></repository></repositories>
               </profile></profiles>
               <activeProfiles><activeProfile>team</activeProfile></activeProfiles>
             </settings>"
        );
        std::fs::write(workplace.path("settings.xml"), settings).unwrap();
        let repository = workplace.path("repository");
        // It takes a while, in which connections that were closed shall be noticed.
        let shared = move || share(&pinned("maven").join("repository"), &repository);
        tokio::task::spawn_blocking(shared).await.unwrap();
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
            .env("MAVEN_OPTS", &self.0.jvm)
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

impl Maker for Maven {
    fn maker(&self) -> String {
        self.0.home.path().display().to_string()
    }

    fn installed_maker(&self) -> String {
        self.0.said("maker=")
    }
}
