//! The sparse index: one file a crate, one line a version.

use super::super::Target;
use crate::error::{Error, ResourceType, Result};
use crate::state::State;
use crate::state::format::Format;
use crate::state::package::PackageKey;
use crate::state::resolution::versions;
use crate::state::version::Version;
use crate::wire::header_value;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use semver::Version as Semver;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The index's own file: where crates are, and that everything needs a token.
pub(super) fn config(url: &str) -> Value {
    let api = url.trim_end_matches('/');
    json!({ "dl": format!("{api}/api/v1/crates"), "api": api, "auth-required": true })
}

/// The path of the file of a crate, which is all in lower case.
pub(super) fn path(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    Some(match name.len() {
        0 => return None,
        1 => format!("1/{name}"),
        2 => format!("2/{name}"),
        3 => format!("3/{}/{name}", name.get(..1)?),
        _ => format!("{}/{}/{name}", name.get(..2)?, name.get(2..4)?),
    })
}

/// The file of a crate. `known` is the entity tag of the one that the client has.
pub(super) fn file(
    state: &State,
    target: &Target,
    name: &str,
    known: Option<&HeaderValue>,
) -> Result<Response> {
    let text = lines(state, target, name)?;
    let tag = header_value(&format!("\"{}\"", hex::encode(Sha256::digest(&text))));
    let mut response = Response::default();
    if known == Some(&tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::from(text);
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::ETAG, tag);
    Ok(response)
}

/// The index of a crate: one line for each version.
fn lines(state: &State, target: &Target, name: &str) -> Result<String> {
    Ok(found(state, target, name, line)?.into_iter().collect())
}

/// When each version was published, in the public registry where it comes from one; the highest first.
pub(super) fn published(state: &State, target: &Target, name: &str) -> Result<Value> {
    let mut found = found(state, target, name, |version| {
        let number = version.details.document["vers"].as_str()?;
        let told = json!({
            "crate": version.details.document["name"],
            "num": number,
            "created_at": format!("{:.6}", version.first_published()),
            "yanked": false,
        });
        Some((Semver::parse(number).ok(), told))
    })?;
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    let versions: Vec<Value> = found.into_iter().map(|(_, told)| told).collect();
    Ok(json!({ "versions": versions }))
}

/// Something of each version of a crate, which may be spelled with capitals that `name` has not.
fn found<T>(
    state: &State,
    target: &Target,
    name: &str,
    pick: impl Fn(&Version) -> Option<T>,
) -> Result<Vec<T>> {
    let of = |key: &PackageKey| -> Result<Vec<T>> {
        let places = state.places(&target.domain, &target.repository, key)?;
        Ok(versions(&places).into_values().filter_map(&pick).collect())
    };
    let asked = PackageKey { format: Format::Cargo, namespace: None, name: name.into() };
    let exact = of(&asked)?;
    if !exact.is_empty() {
        return Ok(exact);
    }
    for key in spellings(state, target, |other| other.name.eq_ignore_ascii_case(name))? {
        let found = of(&key)?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(asked.not_found())
}

fn line(version: &Version) -> Option<String> {
    let mut line = version.details.document.as_object()?.clone();
    line.insert("cksum".into(), version.assets.first()?.sha256().to_string().into());
    line.insert("yanked".into(), false.into());
    Some(format!("{}\n", Value::Object(line)))
}

/// The crates of the domain and of the public registries whose names are alike.
fn spellings(
    state: &State,
    target: &Target,
    is_alike: impl Fn(&PackageKey) -> bool,
) -> Result<BTreeSet<PackageKey>> {
    let repositories = state.domain(&target.domain)?.repositories.values();
    let held = repositories.flat_map(|repository| repository.packages.keys());
    let all = held.chain(state.public.keys());
    Ok(all.filter(|key| key.format == Format::Cargo && is_alike(key)).cloned().collect())
}

/// Refuse a crate that has one file of the index, or one identifier, with another that can be reached.
pub(super) fn check_spelling(state: &State, target: &Target, key: &PackageKey) -> Result<()> {
    let fold = |key: &PackageKey| key.name.to_ascii_lowercase().replace('-', "_");
    let folded = fold(key);
    for other in spellings(state, target, |other| other != key && fold(other) == folded)? {
        if !state.places(&target.domain, &target.repository, &other)?.is_empty() {
            let message =
                format!("Crate '{}' differs from '{}' only in case, or in '-' and '_'", key.name, other.name);
            return Err(Error::conflict(ResourceType::Package, &other.name, message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_where_cargo_looks_for_them() {
        for (name, expected) in [
            ("", None),
            ("a", Some("1/a")),
            ("Ab", Some("2/ab")),
            ("abc", Some("3/a/abc")),
            ("abcd", Some("ab/cd/abcd")),
            ("Left-Pad", Some("le/ft/left-pad")),
            ("aäö", None),
        ] {
            assert_eq!(path(name).as_deref(), expected, "{name}");
        }
    }
}
