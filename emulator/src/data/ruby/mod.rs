//! The protocol of RubyGems: dependencies, gemspecs, gems, pushing.
//!
//! The user guide says what there is not: no list of all gems in any form, and so neither the `versions`
//! of the compact index nor `specs.4.8.gz`.

mod index;
mod marshal;

use super::exchange::Exchange;
use crate::error::{Error, Result};
use crate::manifest::ruby::{Gemspec, split_full_name};
use crate::state::package::PackageKey;
use crate::state::publish::{Growth, Publication};
use crate::state::version::Asset;
use axum::body::Bytes;
use axum::response::Response;
use http::{Method, Request};
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// What the request wants, if gem or Bundler would ask for it. Nothing here yanks, searches or has owners.
pub(super) fn understand(path: &str, request: &Request<Bytes>) -> Option<Exchange> {
    let segments: Vec<&str> = path.split('/').collect();
    match (request.method(), &segments[..]) {
        // gem looks whether there is anything before it asks for more.
        (&Method::GET | &Method::HEAD, [""]) => {
            Some(Exchange::read("RubyPing", |_, _, _| Ok(Response::default())))
        }
        (&Method::GET | &Method::HEAD, ["info", name]) => {
            let key = PackageKey::from_gem_name(name)?;
            let about = key.clone();
            let info =
                Exchange::read("RubyGetInfo", move |state, target, _| index::info(state, target, &key));
            Some(info.about(&about))
        }
        (&Method::GET | &Method::HEAD, ["api", "v1", "dependencies"]) => {
            Some(dependencies(request.uri().query().unwrap_or_default()))
        }
        (&Method::GET | &Method::HEAD, ["quick", "Marshal.4.8", spec]) => {
            let (key, version) = gem(spec.strip_suffix(".gemspec.rz")?)?;
            let (about, wanted) = (key.clone(), version.to_owned());
            let spec = Exchange::read("RubyGetGemspec", move |state, target, _| {
                index::quick(state, target, &key, &wanted)
            });
            Some(spec.about(&about).version(version))
        }
        (&Method::GET | &Method::HEAD, ["gems", gem]) => download(gem),
        (&Method::POST, ["api", "v1", "gems"]) => Some(push(request.body())),
        _ => None,
    }
}

/// The gem that a full name such as `left-pad-1.0.0` means.
fn gem(full_name: &str) -> Option<(PackageKey, &str)> {
    let (name, version) = split_full_name(full_name)?;
    Some((PackageKey::from_gem_name(name)?, version))
}

/// As rubygems.org had it; Bundler asks for fewer.
const GEMS_AT_ONCE: usize = 200;

/// Names that no gem can have are left out, as gems that are not there are.
fn dependencies(query: &str) -> Exchange {
    let asked = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "gems");
    let names = asked.map(|(_, names)| names.into_owned()).unwrap_or_default();
    let keys: BTreeSet<_> = names.split(',').filter_map(PackageKey::from_gem_name).collect();
    let keys: Vec<_> = keys.into_iter().collect();
    // Each gem that is named counts, as the user guide says.
    let requests = u32::try_from(keys.len()).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
    let about = if let [key] = &keys[..] { Some(key.clone()) } else { None };
    let exchange = Exchange::read("RubyGetDependencies", move |state, target, _| {
        if keys.len() > GEMS_AT_ONCE {
            let message = format!("Too many gems: at most {GEMS_AT_ONCE} can be asked for at once");
            return Err(Error::invalid(message));
        }
        index::dependencies(state, target, &keys)
    });
    Exchange { package: about, requests, ..exchange }
}

fn download(file_name: &str) -> Option<Exchange> {
    let (key, version) = gem(file_name.strip_suffix(".gem")?)?;
    Some(Exchange::download("RubyGetGem", key, version, |version| version.assets.first()))
}

fn push(content: &Bytes) -> Exchange {
    Exchange::publish("RubyPush", publication(content), |state, target, now, publication| {
        let told = format!("Successfully registered gem: {} ({})", publication.key.name, publication.version);
        state.publish(&target.domain, &target.repository, publication, now)?;
        Ok(Response::new(told.into()))
    })
}

fn publication(content: &Bytes) -> Result<Publication> {
    let gemspec = Gemspec::read(content).map_err(Error::unparsable)?;
    let key = PackageKey::from_gem_name(&gemspec.name)
        .ok_or_else(|| Error::invalid(format!("'{}' is not the name of a gem", gemspec.name)))?;
    Ok(Publication {
        key,
        version: gemspec.version(),
        asset: Asset::new(gemspec.file_name(), content.clone()),
        details: Some(gemspec.details().map_err(Error::internal)?),
        tags: Vec::new(),
        growth: Growth::Whole,
        unfinished: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_understood_as_gem_and_bundler_mean_them() {
        for (method, path, expected) in [
            ("HEAD", "", Some("RubyPing")),
            ("GET", "info/left-pad", Some("RubyGetInfo")),
            ("GET", "info/..", None),
            ("GET", "api/v1/dependencies?gems=a,b", Some("RubyGetDependencies")),
            ("GET", "api/v1/dependencies", Some("RubyGetDependencies")),
            ("GET", "quick/Marshal.4.8/left-pad-1.0.0.gemspec.rz", Some("RubyGetGemspec")),
            ("GET", "quick/Marshal.4.8/left-pad.gemspec.rz", None),
            ("GET", "gems/left-pad-1.0.0.gem", Some("RubyGetGem")),
            ("GET", "gems/left-pad.gem", None),
            ("POST", "api/v1/gems", Some("RubyPush")),
            ("DELETE", "api/v1/gems/yank", None),
            ("GET", "versions", None),
            ("GET", "names", None),
            ("GET", "specs.4.8.gz", None),
            ("GET", "latest_specs.4.8.gz", None),
            ("GET", "prerelease_specs.4.8.gz", None),
        ] {
            let uri = format!("/{path}");
            let request = Request::builder().method(method).uri(&uri).body(Bytes::new()).unwrap();
            let path = path.split('?').next().unwrap_or_default();
            let operation = understand(path, &request).map(|exchange| exchange.operation);
            assert_eq!(operation, expected, "{method} {uri}");
        }
    }

    #[test]
    fn dependencies_of_one_gem_are_about_it() {
        let about = |query: &str| dependencies(query).package.map(|key| key.name);
        assert_eq!(about("gems=left-pad").as_deref(), Some("left-pad"));
        assert_eq!(about("gems=a%2Cb"), None);
        assert_eq!(about(""), None);
    }
}
