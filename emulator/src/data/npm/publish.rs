//! What `npm publish` sends: a packument with one version and its tarball inside.

use crate::error::{Error, Result};
use crate::manifest::npm;
use crate::state::package::PackageKey;
use crate::state::publish::{Growth, Publication};
use crate::state::version::Asset;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Document {
    name: String,
    versions: BTreeMap<String, Value>,
    #[serde(default, rename = "dist-tags")]
    tags: BTreeMap<String, String>,
    #[serde(default, rename = "_attachments")]
    attachments: BTreeMap<String, Attachment>,
}

#[derive(Deserialize)]
struct Attachment {
    data: String,
}

/// The one version in the document.
pub(super) fn parse(key: &PackageKey, body: &[u8]) -> Result<Publication> {
    let document: Document = serde_json::from_slice(body)
        .map_err(|error| Error::unparsable(format!("This is not a publish document: {error}")))?;
    if document.name != key.full_name() {
        return Err(Error::invalid("The package's name differs from the one in the path"));
    }
    // Provenance may be attached beside the tarball.
    let tarballs = document.attachments.iter().filter(|(name, _)| name.strip_suffix(".tgz").is_some());
    let (versions, tarballs): (Vec<_>, Vec<_>) =
        (document.versions.into_iter().collect(), tarballs.collect());
    let ([(version, manifest)], [(_, attachment)]) = (&versions[..], &tarballs[..]) else {
        return Err(Error::invalid("One version and its tarball must be published at a time"));
    };
    if !npm::is_version(version) || manifest["version"] != version.as_str() {
        return Err(Error::invalid(format!("'{version}' is not the semantic version of the manifest")));
    }
    let content = BASE64_STANDARD
        .decode(&attachment.data)
        .map_err(|error| Error::unparsable(format!("The tarball is not base64: {error}")))?;
    let details = npm::details(manifest.clone(), &content);
    let asset = Asset::new(npm::ASSET, content.into());
    if !matches!(&manifest["dist"]["shasum"], Value::Null)
        && manifest["dist"]["shasum"] != asset.sha1().to_string()
    {
        return Err(Error::invalid("The tarball does not have the shasum that the manifest says"));
    }
    let tags = document.tags.into_iter().filter(|(_, to)| to == version).map(|(tag, _)| tag);
    Ok(Publication {
        key: key.clone(),
        version: version.clone(),
        asset,
        details: Some(details),
        tags: tags.collect(),
        growth: Growth::Whole,
        unfinished: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(change: impl FnOnce(&mut Value)) -> Result<Publication> {
        let mut document = json!({
            "name": "@acme/widgets",
            "dist-tags": { "latest": "1.0.0" },
            "versions": { "1.0.0": { "version": "1.0.0", "dist": { "shasum": "11f6ad8ec52a2984abaafd7c3b516503785c2072" } } },
            "_attachments": { "@acme/widgets-1.0.0.tgz": { "data": BASE64_STANDARD.encode("x") } },
        });
        change(&mut document);
        parse(&PackageKey::from_npm_name("@acme/widgets").unwrap(), document.to_string().as_bytes())
    }

    #[test]
    fn a_whole_document_is_published() {
        let publication = document(|_| {}).unwrap();
        assert_eq!(publication.asset.name, "package.tgz");
        assert_eq!(publication.tags, ["latest"]);
    }

    #[test]
    fn what_is_no_document_is_told_so() {
        let refusal = parse(&PackageKey::from_npm_name("widgets").unwrap(), b"{}").err().unwrap();
        assert!(refusal.message.starts_with("This is not a publish document: "), "{refusal}");
    }

    #[test]
    fn a_document_that_does_not_fit_together_is_refused() {
        assert!(document(|document| document["name"] = "other".into()).is_err());
        assert!(document(|document| document["_attachments"] = json!({})).is_err());
        assert!(document(|document| document["versions"]["1.0.0"]["dist"]["shasum"] = "0".into()).is_err());
        assert!(document(|document| document["versions"]["2.0.0"] = json!({ "version": "2.0.0" })).is_err());
        assert!(document(|document| document["versions"] = json!({ "one": { "version": "one" } })).is_err());
    }
}
