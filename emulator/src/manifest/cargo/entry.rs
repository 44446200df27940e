//! A line of cargo's index: what cargo has to know of a version before it downloads it.

use crate::state::version::Dependency as Shown;
use cargo_toml::{DepsSet, Manifest};
use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

type Features = BTreeMap<String, Vec<String>>;

/// The line, less its checksum and whether it was yanked, which follow from the version.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) vers: Version,
    pub(crate) deps: Vec<Dependency>,
    features: Features,
    /// Features that say `dep:` or `?/`, kept from versions of cargo that do not know these.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    features2: Features,
    links: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rust_version: Option<String>,
    v: u8,
}

/// What a version needs, as the index says it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Dependency {
    /// As the crate itself calls it.
    name: String,
    req: VersionReq,
    features: Vec<String>,
    optional: bool,
    default_features: bool,
    target: Option<String>,
    kind: Kind,
    /// The index of another registry. None is the registry that has the line.
    registry: Option<String>,
    /// Its own name, where the crate calls it otherwise.
    package: Option<String>,
}

impl Dependency {
    /// As the API shows it.
    pub(crate) fn detail(&self) -> Shown {
        let kind = match self.kind {
            Kind::Normal => "normal",
            Kind::Build => "build",
            Kind::Dev => "dev",
        };
        Shown {
            namespace: None,
            package: self.package.as_ref().unwrap_or(&self.name).clone(),
            kind: Some(kind.into()),
            requirement: Some(self.req.to_string()),
        }
    }
}

/// What a dependency is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Normal,
    Build,
    Dev,
}

/// What `cargo publish` says of a version.
#[derive(Deserialize)]
pub(crate) struct Published {
    pub(crate) name: String,
    pub(crate) vers: Version,
    deps: Vec<PublishedDependency>,
    features: Features,
    links: Option<String>,
    rust_version: Option<String>,
}

#[derive(Deserialize)]
struct PublishedDependency {
    name: String,
    version_req: VersionReq,
    features: Vec<String>,
    optional: bool,
    default_features: bool,
    target: Option<String>,
    kind: Kind,
    registry: Option<String>,
    explicit_name_in_toml: Option<String>,
}

impl Published {
    /// The same as the index says it.
    pub(crate) fn entry(self) -> Entry {
        let dependencies = self.deps.into_iter().map(|dependency| {
            let (name, package) = match dependency.explicit_name_in_toml {
                Some(alias) => (alias, Some(dependency.name)),
                None => (dependency.name, None),
            };
            Dependency {
                name,
                package,
                req: dependency.version_req,
                features: dependency.features,
                optional: dependency.optional,
                default_features: dependency.default_features,
                target: dependency.target,
                kind: dependency.kind,
                registry: dependency.registry,
            }
        });
        Entry::new(
            (self.name, self.vers),
            dependencies.collect(),
            self.features,
            (self.links, self.rust_version),
        )
    }
}

impl Entry {
    fn new(
        (name, vers): (String, Version),
        deps: Vec<Dependency>,
        features: Features,
        (links, rust_version): (Option<String>, Option<String>),
    ) -> Self {
        let is_new = |feature: &String| feature.starts_with("dep:") || feature.contains("?/");
        let (features2, features): (Features, _) =
            features.into_iter().partition(|(_, enables)| enables.iter().any(is_new));
        let v = if features2.is_empty() { 1 } else { 2 };
        Self { name, vers, deps, features, features2, links, rust_version, v }
    }

    /// What a crate of a public registry says in its manifest, which names no other registry.
    pub(crate) fn of_manifest(manifest: &Manifest) -> Result<Self, String> {
        let text = |error: cargo_toml::Error| error.to_string();
        let package = manifest.package.as_ref().ok_or("Cargo.toml has no [package]")?;
        let mut dependencies = Vec::new();
        let own = (&manifest.dependencies, &manifest.build_dependencies, &manifest.dev_dependencies);
        let of_targets = manifest.target.iter().map(|(target, sets)| {
            (Some(target), (&sets.dependencies, &sets.build_dependencies, &sets.dev_dependencies))
        });
        for (target, (normal, build, dev)) in [(None, own)].into_iter().chain(of_targets) {
            for (kind, set) in [(Kind::Normal, normal), (Kind::Build, build), (Kind::Dev, dev)] {
                dependencies.extend(of_set(set, kind, target)?);
            }
        }
        let version = package.version.get().map_err(text)?.clone();
        let rust_version = package.rust_version.as_ref().and_then(|version| version.get().ok());
        Ok(Self::new(
            (package.name.clone(), version),
            dependencies,
            manifest.features.clone(),
            (package.links.clone(), rust_version.cloned()),
        ))
    }
}

fn of_set(set: &DepsSet, kind: Kind, target: Option<&String>) -> Result<Vec<Dependency>, String> {
    let dependency = |(name, dependency): (&String, &cargo_toml::Dependency)| {
        let detail = dependency.detail();
        Ok(Dependency {
            name: name.clone(),
            req: dependency.try_req().map_err(|error| format!("{name}: {error}"))?.clone(),
            features: dependency.req_features().to_vec(),
            optional: dependency.optional(),
            default_features: detail.is_none_or(|detail| detail.default_features),
            target: target.cloned(),
            kind,
            registry: None,
            package: dependency.package().map(str::to_owned),
        })
    };
    set.iter().map(dependency).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn what_is_published_becomes_a_line() {
        let published: Published = serde_json::from_value(json!({
            "name": "widgets",
            "vers": "1.0.0",
            "deps": [{
                "name": "serde", "version_req": "^1.0", "features": ["derive"], "optional": true,
                "default_features": false, "target": "cfg(unix)", "kind": "normal", "registry": null,
                "explicit_name_in_toml": "serialization",
            }],
            "features": { "default": ["fast"], "fast": [], "serde": ["dep:serialization"] },
            "authors": [], "license": "MIT", "links": null,
        }))
        .unwrap();
        let line = serde_json::to_value(published.entry()).unwrap();
        assert_eq!(
            line["deps"],
            json!([{
                "name": "serialization", "req": "^1.0", "features": ["derive"], "optional": true,
                "default_features": false, "target": "cfg(unix)", "kind": "normal", "registry": null,
                "package": "serde",
            }])
        );
        assert_eq!(line["features"], json!({ "default": ["fast"], "fast": [] }));
        assert_eq!(line["features2"], json!({ "serde": ["dep:serialization"] }));
        assert_eq!((&line["v"], &line["links"]), (&json!(2), &Value::Null));
    }

    #[test]
    fn a_manifest_becomes_a_line() {
        let manifest = Manifest::from_slice(
            br#"
            [package]
            name = "widgets"
            version = "1.0.0"
            links = "widgets"
            [dependencies]
            log = "0.4"
            [build-dependencies.cc]
            version = "1"
            default-features = false
            [target.'cfg(windows)'.dev-dependencies.winapi]
            version = "0.3"
            package = "winapi-real"
            "#,
        )
        .unwrap();
        let entry = Entry::of_manifest(&manifest).unwrap();
        let found = serde_json::to_value(&entry.deps).unwrap();
        let members = ["name", "package", "req", "kind", "target", "default_features"];
        let found: Vec<_> =
            found.as_array().unwrap().iter().map(|one| members.map(|member| one[member].clone())).collect();
        assert_eq!(
            serde_json::to_value(found).unwrap(),
            json!([
                ["log", null, "^0.4", "normal", null, true],
                ["cc", null, "^1", "build", null, false],
                ["winapi", "winapi-real", "^0.3", "dev", "cfg(windows)", true],
            ])
        );
        assert_eq!((entry.links.as_deref(), entry.v), (Some("widgets"), 1));
    }
}
