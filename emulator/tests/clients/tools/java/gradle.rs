//! Gradle.

use super::{Maker, Workplace, coordinates, said_version};
use crate::program::{program, run};
use crate::tools::Client;
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::path::Path;
use std::process::Output;

/// What Debian's Gradle lacks.
const INIT_SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/tools/debian.init.gradle");

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
            .env("GRADLE_OPTS", format!("{} --add-opens=java.base/java.net=ALL-UNNAMED", self.0.jvm))
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

impl Maker for Gradle {
    fn maker(&self) -> String {
        self.0.home.path().display().to_string()
    }

    fn installed_maker(&self) -> String {
        self.0.said("maker=")
    }
}
