//! Cargo's registry protocol: the sparse index, crates, publishing.

mod index;
pub(crate) mod publish;

use super::exchange::Exchange;
use crate::state::package::PackageKey;
use crate::wire::json_response;
use axum::body::Bytes;
use http::{Method, Request, header};
use serde_json::json;

/// What the request wants, if cargo would ask for it. Nothing here yanks, searches or has owners.
pub(super) fn understand(path: &str, request: &Request<Bytes>) -> Option<Exchange> {
    let segments: Vec<&str> = path.split('/').collect();
    match (request.method(), &segments[..]) {
        (&Method::GET | &Method::HEAD, ["config.json"]) => {
            Some(Exchange::read("CargoGetConfig", |state, target, _| {
                Ok(json_response(&index::config(&target.address(state)?.to_string())))
            }))
        }
        (&Method::GET | &Method::HEAD, ["api", "v1", "crates", name, version, "download"]) => {
            download(name, version)
        }
        (&Method::GET | &Method::HEAD, ["api", "v1", "crates", name, "versions"]) => versions(name),
        (&Method::GET | &Method::HEAD, [_, .., name]) if index::path(name).as_deref() == Some(path) => {
            let key = PackageKey::from_crate_name(name)?;
            let name = key.name.clone();
            let known = request.headers().get(header::IF_NONE_MATCH).cloned();
            let read = Exchange::read("CargoGetIndex", move |state, target, _| {
                index::file(state, target, &name, known.as_ref())
            });
            Some(read.about(&key))
        }
        (&Method::PUT, ["api", "v1", "crates", "new"]) => Some(publish(request.body())),
        _ => None,
    }
}

/// Tools that want to know when versions were published ask for this.
fn versions(name: &str) -> Option<Exchange> {
    let key = PackageKey::from_crate_name(name)?;
    let name = key.name.clone();
    let read = Exchange::read("CargoGetVersions", move |state, target, _| {
        Ok(json_response(&index::published(state, target, &name)?))
    });
    Some(read.about(&key))
}

fn download(name: &str, version: &str) -> Option<Exchange> {
    let key = PackageKey::from_crate_name(name)?;
    Some(Exchange::download("CargoGetCrate", key, version, |version| version.assets.first()))
}

fn publish(body: &Bytes) -> Exchange {
    Exchange::publish("CargoPublish", publish::parse(body), |state, target, now, publication| {
        index::check_spelling(state, target, &publication.key)?;
        state.publish(&target.domain, &target.repository, publication, now)?;
        let warnings = json!({ "invalid_categories": [], "invalid_badges": [], "other": [] });
        Ok(json_response(&json!({ "warnings": warnings })))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_understood_as_cargo_means_them() {
        for (method, path, expected) in [
            ("GET", "config.json", Some("CargoGetConfig")),
            ("GET", "le/ft/left-pad", Some("CargoGetIndex")),
            ("HEAD", "3/l/log", Some("CargoGetIndex")),
            ("GET", "1/a", Some("CargoGetIndex")),
            ("GET", "Le/ft/Left-Pad", None),
            ("GET", "left-pad", None),
            ("GET", "lo/ok/left-pad", None),
            ("GET", "api/v1/crates/left-pad/1.0.0/download", Some("CargoGetCrate")),
            ("GET", "api/v1/crates/left%20pad/1.0.0/download", None),
            ("GET", "api/v1/crates/left-pad/versions", Some("CargoGetVersions")),
            ("GET", "api/v1/crates/left%20pad/versions", None),
            ("POST", "api/v1/crates/left-pad/versions", None),
            ("PUT", "api/v1/crates/new", Some("CargoPublish")),
            ("POST", "api/v1/crates/new", None),
            ("DELETE", "api/v1/crates/left-pad/1.0.0/yank", None),
            ("PUT", "api/v1/crates/left-pad/1.0.0/unyank", None),
            ("GET", "api/v1/crates", None),
            ("GET", "", None),
        ] {
            let request = Request::builder().method(method).body(Bytes::new()).unwrap();
            let operation = understand(path, &request).map(|exchange| exchange.operation);
            assert_eq!(operation, expected, "{method} {path}");
        }
    }
}
