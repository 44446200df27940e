//! What a flag accepts: as much as the schema of the chart's values, and what a name in Kubernetes may be. Pure.

use std::ops::RangeInclusive;

use crate::engine::object::ObjectKey;

/// How many objects may be worked on at once.
pub(super) const CONCURRENCY: RangeInclusive<u64> = 1..=256;
/// The most characters of a cluster's name, and of a namespace's.
const LABEL: usize = 63;
/// The most characters of a Lease's name.
const SUBDOMAIN: usize = 253;

/// The name of a namespace.
pub(super) fn namespace(text: &str) -> Result<String, String> {
    if text.len() <= LABEL && is_label(text) {
        return Ok(text.to_owned());
    }
    Err("a namespace has at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends"
        .into())
}

/// A ServiceAccount, as namespace/name.
pub(super) fn service_account(text: &str) -> Result<ObjectKey, String> {
    let legal = |name: &str| name.len() <= SUBDOMAIN && name.split('.').all(is_label);
    text.split_once('/')
        .filter(|(space, name)| namespace(space).is_ok() && legal(name))
        .map(|(namespace, name)| ObjectKey::new(namespace, name))
        .ok_or_else(|| "a ServiceAccount is written as namespace/name".into())
}

/// The name of a Lease.
pub(super) fn lease_name(text: &str) -> Result<String, String> {
    if text.len() <= SUBDOMAIN && text.split('.').all(is_label) {
        return Ok(text.to_owned());
    }
    Err("a Lease's name has at most 253 lower-case letters, digits, dashes and dots, with a letter or digit at both ends of each part"
        .into())
}

/// The folder of a mount: an absolute path that means nothing to a shell or to YAML.
pub(super) fn folder(text: &str) -> Result<String, String> {
    let known = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    let path = text.trim_end_matches('/');
    if path.starts_with('/') && path.chars().all(known) {
        return Ok(path.to_owned());
    }
    Err("a folder is an absolute path of letters, digits and . _ - /".into())
}

/// The name of a cluster, or nothing: it is one part of the owner tags, whose parts are separated by `/`.
pub(super) fn cluster_name(text: &str) -> Result<String, String> {
    let known = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    if text.len() <= LABEL && text.chars().all(known) {
        return Ok(text.to_owned());
    }
    Err("a cluster's name has at most 63 letters, digits, dots, underscores and dashes".into())
}

fn is_label(text: &str) -> bool {
    let ends = [text.chars().next(), text.chars().next_back()];
    let alphanumeric = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    ends.into_iter().all(|end| end.is_some_and(alphanumeric))
        && text.chars().all(|letter| alphanumeric(letter) || letter == '-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn a_service_account_has_a_namespace_and_a_name() {
        assert_eq!(service_account("team/builder.x"), Ok(ObjectKey::new("team", "builder.x")));
        for text in ["", "builder", "team/", "/builder", "team/a/b", "Team/a", "team/A", "a.b/c"] {
            assert!(service_account(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_accepted_as_kubernetes_accepts_them() {
        let long = "a".repeat(64);
        let longest = "a".repeat(63);
        for (text, is_namespace, is_lease, is_cluster) in [
            ("team-a", true, true, true),
            ("0", true, true, true),
            (longest.as_str(), true, true, true),
            (long.as_str(), false, true, false),
            ("a.b", false, true, true),
            ("a..b", false, false, true),
            ("Team", false, false, true),
            ("Team A", false, false, false),
            ("team_a", false, false, true),
            ("-a", false, false, true),
            ("a-", false, false, true),
            ("a/b", false, false, false),
            ("ä", false, false, false),
            ("", false, false, true),
        ] {
            assert_eq!(namespace(text).is_ok(), is_namespace, "namespace {text:?}");
            assert_eq!(lease_name(text).is_ok(), is_lease, "Lease {text:?}");
            assert_eq!(cluster_name(text).is_ok(), is_cluster, "cluster {text:?}");
        }
    }

    #[test]
    fn a_folder_is_absolute_and_plain() {
        assert_eq!(folder("/var/run/codeartifact/"), Ok("/var/run/codeartifact".into()));
        for text in ["", "/", "a", "~/a", "/a b", "/a$b", "/a'", "/a\nb"] {
            assert!(folder(text).is_err(), "{text:?}");
        }
    }

    /// When the chart's schema changes, these rules and their rows above must follow.
    #[test]
    fn the_chart_accepts_the_same() {
        let schema = include_str!("../../charts/codeartifact-operator/values.schema.json");
        let schema: Value = serde_json::from_str(schema).unwrap();
        let at = |pointer: &str| schema.pointer(&format!("/properties/{pointer}")).unwrap();
        assert_eq!(at("concurrency/minimum"), &json!(CONCURRENCY.start()));
        assert_eq!(at("concurrency/maximum"), &json!(CONCURRENCY.end()));
        assert_eq!(at("clusterName/maxLength"), LABEL);
        assert_eq!(at("clusterName/pattern"), "^[A-Za-z0-9._-]*$");
        assert_eq!(at("namespaces/items/maxLength"), LABEL);
        assert_eq!(at("namespaces/items/pattern"), "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$");
    }
}
