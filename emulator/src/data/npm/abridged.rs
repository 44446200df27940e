//! Abridged packuments: what a client needs to install, for those that ask for no more.

use crate::data::typed;
use crate::wire::json_response;
use axum::response::Response;
use http::{HeaderMap, header};
use serde_json::{Map, Value, json};

/// The media type that a client names to be spared the rest.
const ABRIDGED: &str = "application/vnd.npm.install-v1+json";

/// The members of a version's `package.json` that stay.
const MEMBERS: [&str; 19] = [
    "name",
    "version",
    "deprecated",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "bin",
    "directories",
    "dist",
    "engines",
    "os",
    "cpu",
    "libc",
    "funding",
];

/// The scripts that run when a package is installed.
const INSTALL_SCRIPTS: [&str; 3] = ["preinstall", "install", "postinstall"];

/// Whether the client asks for the abridged form.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds = accepted.flat_map(|value| value.split(','));
    kinds.filter_map(|kind| kind.split(';').next()).any(|kind| kind.trim().eq_ignore_ascii_case(ABRIDGED))
}

/// The packument in the form that was asked for.
pub(super) fn answer(packument: &Value, is_abridged: bool) -> Response {
    if is_abridged { typed(ABRIDGED, abridge(packument).to_string()) } else { json_response(packument) }
}

fn abridge(packument: &Value) -> Value {
    let versions = packument["versions"].as_object().into_iter().flatten();
    let versions: Map<String, Value> =
        versions.map(|(number, manifest)| (number.clone(), version(manifest))).collect();
    json!({
        "name": packument["name"],
        "modified": packument["time"]["modified"],
        "dist-tags": packument["dist-tags"],
        "versions": versions,
    })
}

fn version(manifest: &Value) -> Value {
    let member = |name: &&str| Some(((*name).to_owned(), manifest.get(*name)?.clone()));
    let mut left: Map<String, Value> = MEMBERS.iter().filter_map(member).collect();
    if INSTALL_SCRIPTS.iter().any(|name| manifest["scripts"][*name].is_string()) {
        left.insert("hasInstallScript".into(), true.into());
    }
    left.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_abridged_form_is_for_those_that_name_it() {
        for (accept, expected) in [
            (None, false),
            (Some("*/*"), false),
            (Some("application/json"), false),
            (Some("application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"), true),
            (Some("application/json, Application/vnd.npm.install-v1+JSON"), true),
        ] {
            let accept = accept.map(|accept| (header::ACCEPT, accept.parse().unwrap()));
            assert_eq!(is_asked_for(&accept.into_iter().collect()), expected);
        }
    }

    #[test]
    fn what_an_installation_needs_is_left() {
        let dist = json!({ "tarball": "http://127.0.0.1/widgets-1.0.0.tgz", "shasum": "x" });
        let packument = json!({
            "_id": "widgets",
            "name": "widgets",
            "dist-tags": { "latest": "1.0.0" },
            "versions": {
                "1.0.0": {
                    "name": "widgets", "version": "1.0.0", "description": "Small things", "dist": dist,
                    "scripts": { "test": "true", "postinstall": "true" }, "dependencies": { "a": "1" },
                },
                "0.1.0": { "name": "widgets", "version": "0.1.0", "scripts": { "test": "true" } },
            },
            "time": { "modified": "2026-01-01T00:00:00.000Z", "1.0.0": "2026-01-01T00:00:00.000Z" },
        });
        let expected = json!({
            "name": "widgets",
            "modified": "2026-01-01T00:00:00.000Z",
            "dist-tags": { "latest": "1.0.0" },
            "versions": {
                "1.0.0": {
                    "name": "widgets", "version": "1.0.0", "dependencies": { "a": "1" }, "dist": dist,
                    "hasInstallScript": true,
                },
                "0.1.0": { "name": "widgets", "version": "0.1.0" },
            },
        });
        assert_eq!(abridge(&packument), expected);
    }
}
