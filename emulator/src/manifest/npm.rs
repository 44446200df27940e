//! npm: `package.json`, and the readme beside it in the tarball.

use super::{text, unpacked};
use crate::state::version::{Dependency, Details, License};
use serde_json::Value;
use std::path::Path;

/// The one asset that each version has. Package managers know the tarball by another name.
pub(crate) const ASSET: &str = "package.tgz";

/// The members of `package.json` that list dependencies, each with the API's word for the kind. What
/// is optional is among the regular ones too; the first kind counts.
const KINDS: [(&str, &str); 4] = [
    ("optionalDependencies", "optional"),
    ("dependencies", "regular"),
    ("devDependencies", "dev"),
    ("peerDependencies", "peer"),
];

/// What `package.json` and the tarball say.
pub(crate) fn details(mut manifest: Value, tarball: &[u8]) -> Details {
    let said = manifest.as_object_mut().and_then(|members| members.remove("readme"));
    let said = said.and_then(|readme| readme.as_str().filter(|text| !text.is_empty()).map(str::to_owned));
    let member = |name: &str| manifest[name].as_str().map(str::to_owned);
    Details {
        summary: member("description"),
        home_page: member("homepage"),
        source_code_repository: repository(&manifest["repository"]),
        licenses: licenses(&manifest),
        readme: said.or_else(|| find(tarball, is_readme)),
        dependencies: dependencies(&manifest),
        document: manifest,
        ..Details::default()
    }
}

/// Whether npm would take it for a version.
pub(crate) fn is_version(text: &str) -> bool {
    semver::Version::parse(text).is_ok()
}

/// The `package.json` of a tarball. The name of the folder on top does not matter, as for npm.
pub(crate) fn manifest(tarball: &[u8]) -> Result<Value, String> {
    let text = find(tarball, |name| name == "package.json").ok_or("the tarball has no package.json")?;
    serde_json::from_str(&text).map_err(|error| error.to_string())
}

/// The first file of the tarball's top folder whose name suits.
fn find(tarball: &[u8], suits: impl Fn(&str) -> bool) -> Option<String> {
    let mut archive = unpacked(tarball);
    for entry in archive.entries().ok()? {
        let entry = entry.ok()?;
        let path = entry.path().ok()?.into_owned();
        let is_at_top = path.components().count() == 2;
        let name = path.file_name().and_then(|name| name.to_str());
        if is_at_top && name.is_some_and(&suits) {
            return text(entry).ok();
        }
    }
    None
}

fn is_readme(name: &str) -> bool {
    Path::new(name).file_stem().is_some_and(|stem| stem.eq_ignore_ascii_case("readme"))
}

/// As a URL, or as `{type, url}`. The address is told without the way to get there.
fn repository(value: &Value) -> Option<String> {
    let url = value.as_str().or_else(|| value["url"].as_str())?;
    Some(url.strip_prefix("git+").unwrap_or(url).to_owned())
}

/// As a name, as `{type, url}`, or as a list of these, which is how it once was.
fn licenses(manifest: &Value) -> Vec<License> {
    let one = |value: &Value| {
        let url = value["url"].as_str().map(str::to_owned);
        let name = value.as_str().or_else(|| value["type"].as_str()).map(str::to_owned);
        (name.is_some() || url.is_some()).then_some(License { name, url })
    };
    let listed = manifest["licenses"].as_array().into_iter().flatten();
    one(&manifest["license"]).into_iter().chain(listed.filter_map(one)).collect()
}

fn dependencies(manifest: &Value) -> Vec<Dependency> {
    let mut found: Vec<Dependency> = Vec::new();
    for (member, kind) in KINDS {
        for (name, requirement) in manifest[member].as_object().into_iter().flatten() {
            let scoped = name.strip_prefix('@').and_then(|name| name.split_once('/'));
            let (namespace, package) = match scoped {
                Some((scope, name)) => (Some(scope.to_owned()), name.to_owned()),
                None => (None, name.clone()),
            };
            let is_same = |known: &Dependency| {
                (&known.namespace, &known.package) == (&namespace, &package) && kind == "regular"
            };
            if !found.iter().any(is_same) {
                let requirement = requirement.as_str().map(str::to_owned);
                found.push(Dependency { namespace, package, kind: Some(kind.into()), requirement });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::tests::tarball;
    use serde_json::json;

    #[test]
    fn a_package_json_tells_what_the_api_shows() {
        let details = details(
            json!({
                "name": "widgets",
                "description": "Small things",
                "homepage": "https://acme.example",
                "repository": { "type": "git", "url": "git+https://acme.example/widgets.git" },
                "license": "MIT",
                "dependencies": { "@acme/base": "^1.0.0", "left-pad": "~1.3.0", "fast": "1" },
                "optionalDependencies": { "fast": "1" },
                "devDependencies": { "fast": "2" },
            }),
            &tarball(&[("package/lib/README.md", "deep"), ("package/readme.md", "# Widgets")]),
        );
        assert_eq!(details.summary.as_deref(), Some("Small things"));
        assert_eq!(details.source_code_repository.as_deref(), Some("https://acme.example/widgets.git"));
        assert_eq!(details.licenses, [License::named("MIT")]);
        assert_eq!(details.readme.as_deref(), Some("# Widgets"));
        let told: Vec<_> = details.dependencies.iter().map(Dependency::describe).collect();
        let fast = |kind, requirement| json!({ "package": "fast", "dependencyType": kind, "versionRequirement": requirement });
        let base = json!({
            "package": "base", "namespace": "acme", "dependencyType": "regular", "versionRequirement": "^1.0.0",
        });
        let pad =
            json!({ "package": "left-pad", "dependencyType": "regular", "versionRequirement": "~1.3.0" });
        assert_eq!(told, [fast("optional", "1"), base, pad, fast("dev", "2")]);
    }

    #[test]
    fn what_is_odd_or_missing_is_left_out() {
        let given = json!({ "description": 1, "license": { "type": "MIT", "url": "u" }, "dependencies": [] });
        let told = details(given.clone(), b"no tarball");
        let license = License { name: Some("MIT".into()), url: Some("u".into()) };
        let expected = Details { licenses: vec![license], document: given, ..Details::default() };
        assert_eq!(told, expected);
        let told = details(json!({ "readme": "# R", "licenses": [{ "url": "u" }, 1] }), b"");
        assert_eq!(told.readme.as_deref(), Some("# R"));
        assert_eq!(told.document, json!({ "licenses": [{ "url": "u" }, 1] }));
        assert_eq!(told.licenses, [License { name: None, url: Some("u".into()) }]);
        assert_eq!(details(json!("text"), b"").document, json!("text"));
    }

    #[test]
    fn a_manifest_is_read_from_the_top_folder() {
        let files = [("x/y/package.json", "{}"), ("any/package.json", r#"{"name":"a"}"#)];
        assert_eq!(manifest(&tarball(&files)), Ok(json!({ "name": "a" })));
        assert!(manifest(&tarball(&[("package/index.js", "")])).is_err());
        assert!(manifest(b"no").is_err());
    }
}
