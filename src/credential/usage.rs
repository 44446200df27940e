//! What each format writes, and how the tools of a container are pointed at the files. Pure: a table, and the one place that holds it.
//! The `usage` command prints from the table, and docs/formats.md must agree with the table.

use crate::api::{Format, PackageFormat};

/// Where a container mounts the Secret, the whole folder and without `subPath`. Cargo's file holds this path.
pub const MOUNT: &str = "/var/run/codeartifact";

/// Stands for the folder of the mount in the values of variables.
pub const MOUNT_WORD: &str = "{mount}";

/// How a format is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The format.
    pub format: Format,
    /// The tools that read the files.
    pub tools: &'static str,
    /// The package formats whose addresses are in the files. Empty where the host alone counts.
    pub packages: &'static [PackageFormat],
    /// The keys of the Secret that the format adds. Of `env`, the keys whose names are always the same.
    pub keys: &'static [&'static str],
    /// Environment variables with paths and no secret; `{mount}` stands for the folder of the mount.
    pub environment: &'static [(&'static str, &'static str)],
    /// A key, and the path where a tool looks for the file: no variable can name another path, so that a symbolic link leads from
    /// there to the mount. `~` is the home of the container's user.
    pub links: &'static [(&'static str, &'static str)],
    /// What else a user needs to know, in whole sentences.
    pub notes: &'static [&'static str],
}

impl Usage {
    /// The variables, for a Secret that is mounted at the path.
    pub fn variables(&self, mount: &str) -> Vec<(&'static str, String)> {
        self.environment.iter().map(|(name, value)| (*name, value.replace(MOUNT_WORD, mount))).collect()
    }
}

/// How a format is used.
pub fn of(format: Format) -> Usage {
    match format {
        Format::Npm | Format::Yarn1 | Format::Yarn => javascript(format),
        Format::Pip | Format::Uv | Format::Poetry | Format::Twine => python(format),
        Format::Maven | Format::Gradle | Format::Sbt => java(format),
        Format::Cargo | Format::Gem | Format::Bundler | Format::Nuget | Format::Swift => languages(format),
        Format::Netrc | Format::Renovate | Format::Env => general(format),
    }
}

/// What a row leaves out.
const NOTHING: Usage = Usage {
    format: Format::Netrc,
    tools: "",
    packages: &[],
    keys: &[],
    environment: &[],
    links: &[],
    notes: &[],
};

fn javascript(format: Format) -> Usage {
    let row = Usage { format, packages: &[PackageFormat::Npm], ..NOTHING };
    match format {
        Format::Yarn1 => Usage {
            tools: "Yarn 1",
            keys: &[".npmrc-yarn1"],
            environment: &[("npm_config_userconfig", "{mount}/.npmrc-yarn1")],
            notes: &[
                "npm reads the same variable and warns about `always-auth`; set the variable for the commands of Yarn 1 alone where a \
                 container has both.",
            ],
            ..row
        },
        Format::Yarn => Usage {
            tools: "Yarn 2 and newer",
            keys: &[".yarnrc.yml"],
            links: &[(".yarnrc.yml", "~/.yarnrc.yml")],
            notes: &[
                "A `.yarnrc.yml` of the project goes before the one in the home.",
                "Newer versions of Yarn wait until a version is older than `npmMinimalAgeGate`; list packages of your own in \
                 `npmPreapprovedPackages`.",
            ],
            ..row
        },
        _ => Usage {
            tools: "npm, pnpm",
            keys: &[".npmrc"],
            environment: &[("NPM_CONFIG_USERCONFIG", "{mount}/.npmrc")],
            ..row
        },
    }
}

fn python(format: Format) -> Usage {
    let row = Usage { format, packages: &[PackageFormat::Pypi], ..NOTHING };
    match format {
        Format::Uv => Usage {
            tools: "uv",
            keys: &["uv.toml", ".netrc"],
            environment: &[("UV_CONFIG_FILE", "{mount}/uv.toml"), ("NETRC", "{mount}/.netrc")],
            notes: &[
                "`uv publish --index REPOSITORY` publishes.",
                "uv reads no other `uv.toml` while UV_CONFIG_FILE is set; `[tool.uv]` of a project still counts.",
            ],
            ..row
        },
        Format::Poetry => Usage {
            tools: "Poetry",
            keys: &["auth.toml"],
            environment: &[("POETRY_CONFIG_DIR", "{mount}"), ("POETRY_KEYRING_ENABLED", "false")],
            notes: &[
                "A source in `pyproject.toml` has the name of the repository, with `-` in the place of each dot.",
                "`poetry publish --repository REPOSITORY` publishes.",
            ],
            ..row
        },
        Format::Twine => Usage {
            tools: "twine, flit",
            keys: &[".pypirc"],
            links: &[(".pypirc", "~/.pypirc")],
            notes: &[
                "`twine upload --config-file FILE` needs no link; `--repository REPOSITORY` chooses the registry.",
            ],
            ..row
        },
        _ => Usage {
            tools: "pip",
            keys: &["pip.conf"],
            environment: &[("PIP_CONFIG_FILE", "{mount}/pip.conf")],
            ..row
        },
    }
}

fn java(format: Format) -> Usage {
    let row = Usage { format, packages: &[PackageFormat::Maven], ..NOTHING };
    match format {
        Format::Gradle => Usage {
            tools: "Gradle",
            keys: &["codeartifact.init.gradle"],
            links: &[("codeartifact.init.gradle", "$GRADLE_USER_HOME/init.d/codeartifact.init.gradle")],
            notes: &[
                "`gradle --init-script FILE` needs no link.",
                "The script holds no token. It reads the token file of the mount at each build.",
                "A repository of a build script at one of the registries' addresses gets its login from the script, so that \
                 `publishing.repositories` names the address alone.",
            ],
            ..row
        },
        Format::Sbt => Usage {
            tools: "sbt, Coursier",
            keys: &[".sbt-credentials"],
            environment: &[
                ("SBT_CREDENTIALS", "{mount}/.sbt-credentials"),
                ("COURSIER_CREDENTIALS", "{mount}/.sbt-credentials"),
            ],
            notes: &["The build names the resolver; its address is in `endpoint-maven`."],
            ..row
        },
        _ => Usage {
            tools: "Maven",
            keys: &["settings.xml"],
            environment: &[("MAVEN_ARGS", "--settings {mount}/settings.xml")],
            notes: &[
                "Maven older than 3.9 does not read MAVEN_ARGS; `mvn --settings FILE` works with every Maven.",
                "The id of a server is the name of the repository; use the same id in `distributionManagement`.",
                "The first registry stands in for every repository on the network, Maven Central included.",
            ],
            ..row
        },
    }
}

fn languages(format: Format) -> Usage {
    let row = Usage { format, ..NOTHING };
    match format {
        Format::Cargo => Usage {
            tools: "Cargo 1.74 and newer",
            packages: &[PackageFormat::Cargo],
            keys: &["config.toml", "credentials.toml"],
            links: &[("config.toml", "$CARGO_HOME/config.toml")],
            notes: &[
                "`cargo --config FILE` needs no link.",
                "`config.toml` reads the token by `cat` from /var/run/codeartifact, so that the Secret must be mounted there. Where it is \
                 mounted elsewhere, set CARGO_REGISTRIES_<NAME>_CREDENTIAL_PROVIDER.",
                "The name of a registry is the name of the repository, with `-` in the place of each dot.",
                "The first registry is the default one, and stands in for crates.io.",
            ],
            ..row
        },
        Format::Gem => Usage {
            tools: "gem",
            packages: &[PackageFormat::Ruby],
            keys: &[".gemrc", "gem-credentials"],
            environment: &[("GEMRC", "{mount}/.gemrc")],
            links: &[("gem-credentials", "~/.gem/credentials")],
            notes: &[
                "`gem push` refuses a credentials file whose mode is not 0600: set `defaultMode: 0600` on the volume and run as its owner, \
                 or give `GEM_HOST_API_KEY=\"Bearer $(cat /var/run/codeartifact/token)\"` to that one command.",
                "`gem push --host ADDRESS` finds the login by the address in `publish-ruby`.",
            ],
            ..row
        },
        Format::Bundler => Usage {
            tools: "Bundler",
            packages: &[PackageFormat::Ruby],
            keys: &["bundle-config"],
            environment: &[("BUNDLE_USER_CONFIG", "{mount}/bundle-config")],
            notes: &["The Gemfile names the address that is in `endpoint-ruby`."],
            ..row
        },
        Format::Swift => Usage {
            tools: "swift",
            packages: &[PackageFormat::Swift],
            keys: &["registries.json", ".netrc-swift"],
            links: &[
                ("registries.json", "~/.swiftpm/configuration/registries.json"),
                (".netrc-swift", "~/.netrc"),
            ],
            notes: &["`swift package-registry login` is not needed, and refuses tokens of this length."],
            ..row
        },
        _ => Usage {
            tools: "dotnet, NuGet",
            packages: &[PackageFormat::Nuget],
            keys: &["nuget.config"],
            links: &[("nuget.config", "~/.nuget/NuGet/NuGet.Config")],
            notes: &["The registries stand in for every other source, nuget.org included."],
            ..row
        },
    }
}

fn general(format: Format) -> Usage {
    let row = Usage { format, ..NOTHING };
    match format {
        Format::Renovate => Usage {
            tools: "Renovate on one's own machines",
            packages: &[
                PackageFormat::Npm,
                PackageFormat::Pypi,
                PackageFormat::Maven,
                PackageFormat::Nuget,
                PackageFormat::Ruby,
                PackageFormat::Cargo,
            ],
            keys: &["renovate-host-rules.json"],
            notes: &[
                "Renovate reads the rules from the variable RENOVATE_HOST_RULES: take its value from this key by `secretKeyRef` in a \
                 CronJob whose runs are shorter than `renewBefore`.",
            ],
            ..row
        },
        Format::Env => Usage {
            tools: "Jobs with envFrom",
            packages: &[PackageFormat::Pypi],
            keys: &["CODEARTIFACT_AUTH_TOKEN", "TWINE_USERNAME", "TWINE_PASSWORD", "TWINE_REPOSITORY_URL"],
            notes: &[
                "For each registry there are also UV_INDEX_<NAME>_USERNAME and _PASSWORD, and POETRY_HTTP_BASIC_<NAME>_USERNAME and \
                 _PASSWORD; NAME is the name of the repository in capitals, with `_` in the place of everything but letters and digits.",
                "A variable never changes in a running container: use this format in Jobs that are shorter than `renewBefore` alone.",
            ],
            ..row
        },
        _ => Usage {
            tools: "curl, pip, uv and others",
            keys: &[".netrc"],
            environment: &[("NETRC", "{mount}/.netrc")],
            notes: &["curl reads no variable: `curl --netrc-file FILE`."],
            ..row
        },
    }
}

#[cfg(test)]
mod tests;
