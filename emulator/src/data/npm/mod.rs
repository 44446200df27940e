//! npm's registry protocol: packuments, tarballs, publishing, deprecation, distribution tags.

mod abridged;
mod deprecate;
mod packument;
mod publish;

use super::exchange::{Exchange, Permission};
use crate::error::{Error, Result};
use crate::state::State;
use crate::state::package::PackageKey;
use crate::state::publish::Publication;
use crate::wire::json_response;
use axum::body::Bytes;
use http::{Method, Request};
use serde_json::json;
use std::sync::Arc;

/// What the request wants, if npm would ask for it.
pub(super) fn understand(path: &str, request: Request<Bytes>) -> Option<Exchange> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let method = match request.method() {
        &Method::HEAD => Method::GET,
        method => method.clone(),
    };
    match segments[..] {
        ["-", "ping"] if method == Method::GET => {
            Some(Exchange::read("NpmPing", |_, _, _| Ok(json_response(&json!({})))))
        }
        ["-", "package", ref rest @ ..] => {
            let (key, rest) = package(rest)?;
            tags(&method, key, rest, request.into_body())
        }
        _ => {
            let (key, rest) = package(&segments)?;
            about_package(&method, key, rest, &request)
        }
    }
}

/// The package at the beginning of a path, and what comes after it.
fn package<'a, 'b>(segments: &'a [&'b str]) -> Option<(PackageKey, &'a [&'b str])> {
    let (first, rest) = segments.split_first()?;
    if !first.starts_with('@') {
        return Some((PackageKey::from_npm_name(first)?, rest));
    }
    let (second, rest) = rest.split_first()?;
    Some((PackageKey::from_npm_name(&format!("{first}/{second}"))?, rest))
}

fn about_package(
    method: &Method,
    key: PackageKey,
    rest: &[&str],
    request: &Request<Bytes>,
) -> Option<Exchange> {
    let about = key.clone();
    let exchange = match (method, rest) {
        (&Method::GET, []) => {
            let is_abridged = abridged::is_asked_for(request.headers());
            Exchange::read("NpmGetPackument", move |state, target, _| {
                let packument = packument::packument(state, target, &key)?;
                Ok(abridged::answer(&packument, is_abridged))
            })
        }
        (&Method::GET, ["-", file]) => {
            let version = file.strip_suffix(".tgz")?.strip_prefix(&format!("{}-", key.name))?;
            Exchange::download("NpmGetTarball", key.clone(), version, |version| version.assets.first())
        }
        (&Method::GET, [version]) => {
            let wanted = (*version).to_owned();
            Exchange::read("NpmGetManifest", move |state, target, _| {
                let packument = packument::packument(state, target, &key)?;
                let version = packument["dist-tags"][&wanted].as_str().unwrap_or(&wanted);
                let manifest = packument["versions"].get(version);
                manifest.map(json_response).ok_or_else(|| key.version_not_found(&wanted))
            })
            .version(version)
        }
        (&Method::PUT, []) => match deprecate::parse(&key, request.body()) {
            Some(deprecations) => {
                Exchange::write("NpmDeprecate", Permission::PutMetadata, move |state, target, _| {
                    deprecate::apply(state, target, &key, &deprecations)?;
                    Ok(json_response(&json!({ "ok": true })))
                })
            }
            None => publication(publish::parse(&key, request.body())),
        },
        _ => return None,
    };
    Some(exchange.about(&about))
}

fn publication(publication: Result<Publication>) -> Exchange {
    Exchange::publish("NpmPublish", publication, |state, target, now, publication| {
        state.publish(&target.domain, &target.repository, publication, now)?;
        Ok(json_response(&json!({ "ok": true })))
    })
}

fn tags(method: &Method, key: PackageKey, rest: &[&str], body: Bytes) -> Option<Exchange> {
    let about = key.clone();
    let exchange = match (method, rest) {
        (&Method::GET, ["dist-tags"]) => Exchange::read("NpmGetTags", move |state, target, _| {
            packument::packument(state, target, &key).map(|packument| json_response(&packument["dist-tags"]))
        }),
        (&Method::PUT | &Method::POST, ["dist-tags", tag]) => {
            let tag = (*tag).to_owned();
            Exchange::write("NpmPutTag", Permission::PutMetadata, move |state, target, _| {
                let version: String =
                    serde_json::from_slice(&body).map_err(|error| Error::unparsable(error.to_string()))?;
                packument::packument(state, target, &key)?["versions"]
                    .get(&version)
                    .ok_or_else(|| key.version_not_found(&version))?;
                own_tags(state, target, &key)?.insert(tag, version);
                Ok(json_response(&json!({ "ok": true })))
            })
        }
        (&Method::DELETE, ["dist-tags", tag]) => {
            let tag = (*tag).to_owned();
            Exchange::write("NpmDeleteTag", Permission::PutMetadata, move |state, target, _| {
                let removed = own_tags(state, target, &key)?.remove(&tag);
                removed.map(|_| json_response(&json!({ "ok": true }))).ok_or_else(|| {
                    Error::new("ResourceNotFoundException", format!("There is no tag '{tag}'"))
                })
            })
        }
        _ => return None,
    };
    Some(exchange.about(&about))
}

/// The tags set in the very repository.
fn own_tags<'a>(
    state: &'a mut State,
    target: &super::Target,
    key: &PackageKey,
) -> Result<&'a mut imbl::OrdMap<String, String>> {
    let repository = state.domain_mut(&target.domain)?.repository_mut(&target.repository)?;
    let package = repository.packages.get_mut(key).map(Arc::make_mut);
    package.map(|package| &mut package.tags).ok_or_else(|| key.not_found())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_understood_as_npm_means_them() {
        for (method, path, expected) in [
            ("GET", "-/ping", Some("NpmPing")),
            ("GET", "left-pad", Some("NpmGetPackument")),
            ("HEAD", "left-pad", Some("NpmGetPackument")),
            ("GET", "@acme/widgets", Some("NpmGetPackument")),
            ("GET", "@acme/widgets/-/widgets-1.0.0.tgz", Some("NpmGetTarball")),
            ("GET", "left-pad/-/other-1.0.0.tgz", None),
            ("GET", "left-pad/latest", Some("NpmGetManifest")),
            ("PUT", "@acme/widgets", Some("NpmPublish")),
            ("DELETE", "left-pad", None),
            ("GET", "-/package/@acme/widgets/dist-tags", Some("NpmGetTags")),
            ("PUT", "-/package/left-pad/dist-tags/next", Some("NpmPutTag")),
            ("DELETE", "-/package/left-pad/dist-tags/next", Some("NpmDeleteTag")),
            ("POST", "-/npm/v1/security/audits", None),
            ("GET", "-/v1/search", None),
            ("GET", "-/whoami", None),
            ("GET", "", None),
        ] {
            let request = Request::builder().method(method).body(Bytes::new()).unwrap();
            let operation = understand(path, request).map(|exchange| exchange.operation);
            assert_eq!(operation, expected, "{method} {path}");
        }
    }
}
