//! What templates know: the login, and nothing else. Pure.

use minijinja::Value;
use secrecy::ExposeSecret;

use super::{Entry, Login, USER, raw};
use crate::api::PackageFormat;
use crate::error::Result;

/// The context. As among the keys of the Secret, `token` is there when all registries are in one domain, and of several ends it is the
/// first.
pub(super) fn of(entries: &[Entry<'_>]) -> Result<Value> {
    let registries: Vec<_> = entries.iter().map(registry).collect::<Result<_>>()?;
    let own = [("username", Value::from(USER)), ("registries", registries.into_iter().collect())];
    let first = entries.iter().map(|entry| entry.login).min_by_key(|login| login.expires);
    let several = entries.iter().any(Entry::has_several_tokens);
    let login = first.map(values).into_iter().flatten().filter(|(name, _)| !several || *name != "token");
    Ok(Value::from_pairs(own.into_iter().chain(login)))
}

fn values(login: &Login) -> [(&'static str, Value); 3] {
    [
        ("token", Value::from(login.text.expose_secret())),
        ("expiration", Value::from(login.expires.to_string())),
        ("expires_at", Value::from(login.expires.as_second())),
    ]
}

fn registry(entry: &Entry<'_>) -> Result<Value> {
    let registry = entry.registry;
    let (mut endpoints, mut publish, mut host) = (Vec::new(), Vec::new(), None);
    for format in PackageFormat::ALL {
        if registry.endpoints.contains_key(format.as_str()) {
            let addresses = raw::Addresses::of(entry, format)?;
            host = host.or(Some(entry.url(format)?.host().to_owned()));
            endpoints.push((format.as_str(), Value::from(addresses.index)));
            publish.extend(addresses.publish.map(|address| (format.as_str(), Value::from(address))));
        }
    }
    let formats = registry.formats.iter().map(|format| Value::from(format.as_str()));
    let own = [
        ("repository", Value::from(&*registry.repository)),
        ("domain", Value::from(&*registry.domain.domain)),
        ("owner", Value::from(&*registry.domain.owner)),
        ("region", Value::from(&*registry.domain.region)),
        ("scopes", registry.scopes.iter().map(|scope| Value::from(&**scope)).collect()),
        ("formats", formats.collect()),
        ("host", Value::from(host.unwrap_or_default())),
        ("endpoints", Value::from_pairs(endpoints)),
        ("publish", Value::from_pairs(publish)),
    ];
    Ok(Value::from_pairs(own.into_iter().chain(values(entry.login))))
}
