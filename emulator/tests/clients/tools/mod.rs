//! The package managers: each with a home of its own and the emulator as its only registry.

mod aws;
mod cargo;
mod java;
mod javascript;
mod python;
mod ruby;

pub(crate) use aws::AwsNpm;
pub(crate) use cargo::{Cargo, CargoLogin};
pub(crate) use java::{Gradle, Maker, Maven};
pub(crate) use javascript::{JavaScript, Login, Tool};
pub(crate) use python::{Pip, Poetry, Twine, Uv};
pub(crate) use ruby::{BundleKey, Bundler, Gem, PushLogin};

use aws_sdk_codeartifact::types::PackageFormat;
use std::process::Output;

/// A package manager that is set up for the repository `team`, with a token.
pub(crate) trait Client {
    /// What it installs and publishes.
    const FORMAT: PackageFormat;

    /// Its name in the summary.
    fn name(&self) -> &'static str;

    /// Its version, as it was installed.
    fn version(&self) -> String;

    /// Make a small package and publish it; none where the client only installs.
    async fn publish(&self, name: &str, version: &str) -> Option<Output> {
        let _ = (name, version);
        None
    }

    /// Install a package in a new project, the latest version unless told otherwise; none where
    /// the client only publishes.
    async fn install(&self, name: &str, version: Option<&str>) -> Option<Output> {
        let _ = (name, version);
        None
    }

    /// The version that the package which was installed last says it has when it is run.
    async fn installed(&self, name: &str) -> String {
        unreachable!("{} has installed no {name}", self.name())
    }
}
