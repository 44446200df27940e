//! The clients. What a Pod would run stands in a script for each: `scripts/CLIENT.sh install NAME VERSION` ends with the line
//! `installed VERSION`, and `scripts/CLIENT.sh publish NAME VERSION` makes a package and publishes it.

use aws_sdk_codeartifact::types::PackageFormat;
use codeartifact_operator::api::Format;

/// A client and what it is told.
pub(super) struct Tool {
    /// The name of its script.
    pub(super) name: &'static str,
    /// What it installs and publishes.
    pub(super) package: PackageFormat,
    /// Whose variables and links it has.
    pub(super) formats: &'static [Format],
    /// The mode of the mounted files.
    pub(super) file_mode: u32,
    pub(super) installs: bool,
    pub(super) publishes: bool,
}

impl Tool {
    const fn new(name: &'static str, package: PackageFormat, formats: &'static [Format]) -> Self {
        Self { name, package, formats, file_mode: 0o644, installs: true, publishes: true }
    }

    /// A name as the client's format writes it.
    pub(super) fn name_of(&self, name: &str) -> String {
        if self.package == PackageFormat::Maven { format!("org.acme:{name}") } else { name.to_owned() }
    }

    /// The public registry that it installs from.
    pub(super) fn connection(&self) -> &'static str {
        match self.package {
            PackageFormat::Cargo => "public:crates-io",
            PackageFormat::Maven => "public:maven-central",
            PackageFormat::Npm => "public:npmjs",
            PackageFormat::Ruby => "public:ruby-gems-org",
            _ => "public:pypi",
        }
    }
}

/// The client of that name.
pub(super) fn named(name: &str) -> Tool {
    use PackageFormat::{Cargo, Maven, Npm, Pypi, Ruby};
    let all = [
        Tool::new("npm-10", Npm, &[Format::Npm]),
        Tool::new("npm-11", Npm, &[Format::Npm]),
        Tool::new("pnpm", Npm, &[Format::Npm]),
        Tool::new("yarn-1", Npm, &[Format::Yarn1]),
        Tool::new("yarn-berry", Npm, &[Format::Yarn]),
        Tool { publishes: false, ..Tool::new("pip", Pypi, &[Format::Pip]) },
        Tool { publishes: false, ..Tool::new("pip-netrc", Pypi, &[Format::Netrc]) },
        Tool::new("uv", Pypi, &[Format::Uv]),
        Tool { publishes: false, ..Tool::new("uv-env", Pypi, &[]) },
        Tool::new("poetry", Pypi, &[Format::Poetry]),
        Tool { installs: false, ..Tool::new("twine", Pypi, &[Format::Twine]) },
        Tool { installs: false, ..Tool::new("twine-env", Pypi, &[]) },
        Tool::new("mvn", Maven, &[Format::Maven]),
        Tool::new("gradle", Maven, &[Format::Gradle]),
        Tool::new("gradle-8", Maven, &[Format::Gradle]),
        Tool::new("cargo", Cargo, &[Format::Cargo]),
        // `gem push` takes no file that others may read.
        Tool { file_mode: 0o600, ..Tool::new("gem", Ruby, &[Format::Gem]) },
        Tool { publishes: false, ..Tool::new("bundler", Ruby, &[Format::Bundler]) },
        Tool { publishes: false, ..Tool::new("curl", Npm, &[Format::Netrc]) },
        Tool { publishes: false, ..Tool::new("renovate", Npm, &[]) },
    ];
    all.into_iter().find(|tool| tool.name == name).unwrap_or_else(|| panic!("there is no client {name}"))
}
