//! What `npm deprecate` sends: the whole packument again, with a warning in some of its versions.

use super::super::Target;
use super::packument::packument;
use crate::error::Result;
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::version::{Details, Version};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The member of a version's `package.json` with the warning.
const WARNING: &str = "deprecated";

#[derive(Deserialize)]
struct Document {
    name: String,
    versions: BTreeMap<String, Value>,
    #[serde(rename = "_attachments")]
    attachments: Option<Value>,
}

/// The warning of each version, empty where there is none. Nothing when something is published.
pub(super) fn parse(key: &PackageKey, body: &[u8]) -> Option<BTreeMap<String, String>> {
    let document: Document = serde_json::from_slice(body).ok()?;
    let warnings = document.versions.iter().map(|(version, manifest)| (version.clone(), warning(manifest)));
    (document.attachments.is_none() && document.name == key.full_name()).then(|| warnings.collect())
}

/// Keep the warnings that are new or gone. Only what the very repository has can be given one.
pub(super) fn apply(
    state: &mut State,
    target: &Target,
    key: &PackageKey,
    wanted: &BTreeMap<String, String>,
) -> Result<()> {
    let known = packument(state, target, key)?;
    let changed = wanted.iter().filter(|(version, text)| warning(&known["versions"][*version]) != **text);
    let package = state.domain_mut(&target.domain)?.repository_mut(&target.repository)?.package_mut(key)?;
    for (number, text) in changed {
        let version = package.versions.get_mut(number).ok_or_else(|| key.version_not_found(number))?;
        warn(Arc::make_mut(version), text);
    }
    Ok(())
}

fn warning(manifest: &Value) -> String {
    manifest[WARNING].as_str().unwrap_or_default().to_owned()
}

fn warn(version: &mut Version, text: &str) {
    let mut details = Details::clone(&version.details);
    if let Some(manifest) = details.document.as_object_mut() {
        if text.is_empty() {
            manifest.remove(WARNING);
        } else {
            manifest.insert(WARNING.into(), text.into());
        }
    }
    version.put_details(details);
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::state::package::PackageKey;
    use serde_json::json;

    #[test]
    fn a_document_without_a_tarball_deprecates() {
        let key = PackageKey::from_npm_name("widgets").unwrap();
        let mut document = json!({
            "name": "widgets",
            "versions": { "1.0.0": { "deprecated": "old" }, "2.0.0": { "deprecated": false }, "3.0.0": 1 },
        });
        let warnings = parse(&key, document.to_string().as_bytes()).unwrap();
        assert_eq!(warnings.values().collect::<Vec<_>>(), ["old", "", ""]);
        document["_attachments"] = json!({});
        assert!(parse(&key, document.to_string().as_bytes()).is_none());
        document = json!({ "name": "other", "versions": {} });
        assert!(parse(&key, document.to_string().as_bytes()).is_none());
        assert!(parse(&key, b"{").is_none());
    }
}
