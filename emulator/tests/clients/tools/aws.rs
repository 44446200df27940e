//! The AWS CLI, which logs package managers in, and what it and a keyring know of the account.

use super::Client;
use super::javascript::{JavaScript, Tool};
use crate::mode::Mode;
use crate::program::{pinned, program, run, succeeded};
use crate::world::World;
use aws_sdk_codeartifact::types::PackageFormat;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Let a program be the administrator. In mode aws it knows no other endpoint than the service's own.
pub(super) fn sign_in(command: &mut Command, world: &World) {
    command.envs([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    if world.mode != Mode::Aws {
        command.env("AWS_ENDPOINT_URL", world.emulator.url());
    }
    world.surroundings.tell(command);
}

/// `aws codeartifact login` for a tool, at the repository `team`. Programs of that folder come first.
pub(super) async fn login(world: &World, tool: &str, home: &Path, programs: &Path) -> Output {
    let mut command = program(pinned("aws").join("bin/aws"), home);
    sign_in(&mut command, world);
    let others = std::env::var_os("PATH").unwrap_or_default();
    let folders = [programs.to_owned(), pinned("aws").join("bin")];
    let folders = folders.into_iter().chain(std::env::split_paths(&others));
    command
        .args(["codeartifact", "login", "--domain", "acme", "--repository", "team", "--tool", tool])
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env("NPM_CONFIG_USERCONFIG", home.join(".npmrc"))
        .env("NPM_CONFIG_GLOBALCONFIG", home.join("none"));
    run(command).await
}

/// npm that the AWS CLI has logged in.
pub(crate) struct AwsNpm {
    npm: JavaScript,
    /// What the AWS CLI said.
    pub(crate) told: String,
}

impl AwsNpm {
    pub(crate) async fn new(world: &World) -> Self {
        let npm = JavaScript::without_login(Tool::Npm11, world);
        let programs = shim(npm.home(), "npm", &Tool::Npm11.script());
        let told = succeeded(&login(world, "npm", npm.home(), &programs).await);
        Self { npm, told }
    }
}

/// A folder with a program of that name, which node runs.
fn shim(home: &Path, name: &str, script: &Path) -> PathBuf {
    let folder = home.join("programs");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join(name);
    std::fs::write(&file, format!("#!/bin/sh\nexec node '{}' \"$@\"\n", script.display())).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

impl Client for AwsNpm {
    const FORMAT: PackageFormat = PackageFormat::Npm;

    fn name(&self) -> &'static str {
        "aws-npm"
    }

    fn version(&self) -> String {
        super::python::version_of("aws", "awscli")
    }

    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        Some(self.npm.publish(name, version).await)
    }

    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        self.npm.install(name, version).await
    }

    async fn installed(&self, name: &str) -> String {
        self.npm.installed(name).await
    }
}
