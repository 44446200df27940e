//! What registries resolve to, and which grants open them.

use kube::Resource;
use serde_json::{Value, json};

use super::*;
use crate::api::{AwsAccountSpec, RegistryCredentialSpec, Repository, RepositorySpec};
use crate::error::{Outlook, Reason};

fn account() -> AwsAccount {
    let spec: AwsAccountSpec = serde_json::from_value(json!({
        "region": "us-east-1", "accountId": "123456789012",
        "grants": [{"namespaces": {"names": ["team"]}, "credentials": [
            {"domains": ["acme"], "roleArn": "arn:aws:iam::123456789012:role/team", "maxDuration": "4h"},
            {"domains": ["999999999999:shared", "open"]},
        ]}],
    }))
    .unwrap();
    AwsAccount::new("default", spec)
}

fn credential(namespace: &str, duration: &str, registries: &Value) -> RegistryCredential {
    let spec: RegistryCredentialSpec =
        serde_json::from_value(json!({"registries": registries, "token": {"duration": duration}})).unwrap();
    let mut credential = RegistryCredential::new("login", spec);
    credential.meta_mut().namespace = Some(namespace.into());
    credential
}

/// The Repository object platform/store, at work in another account and in that Region.
fn caches(region: &str, in_aws: bool) -> Caches {
    let spec: RepositorySpec = serde_json::from_value(json!({"domain": {"name": "acme"}})).unwrap();
    let mut repository = Repository::new("store", spec);
    repository.meta_mut().namespace = Some("platform".into());
    let identity = json!({"account": "555555555555", "region": region, "owner": "123456789012", "domain": "acme", "repository": "npm-store"});
    let endpoints = json!({"npm": "https://known/npm/npm-store/", "pypi": "https://known/pypi/npm-store/"});
    let mut status = json!({"identity": identity, "endpoints": endpoints});
    if in_aws {
        status["arn"] = "arn".into();
    }
    repository.status = serde_json::from_value(status).unwrap();
    let caches = Caches::default();
    caches.repositories.apply(repository);
    caches
}

fn by_reference(extra: &Value) -> Value {
    let mut registry =
        json!({"repositoryRef": {"name": "store", "namespace": "platform"}, "formats": ["npm", "pip"]});
    registry.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!([registry])
}

#[test]
fn references_and_names_come_to_what_aws_calls_them_seen_from_our_account() {
    let caches = caches("us-east-1", true);
    let named =
        json!({"repository": {"domain": "shared", "owner": "999999999999", "name": "r"}, "formats": ["npm"]});
    let own = json!({"repository": {"domain": "acme", "name": "r"}, "formats": ["npm"]});
    let mut registries = by_reference(&json!({}));
    registries.as_array_mut().unwrap().extend([named, own]);
    let credential = credential("team", "1h", &registries);
    let resolved = resolve(&credential, &account(), &caches).unwrap();
    let resources: Vec<_> = resolved.iter().map(|registry| registry.identity.resource()).collect();
    assert_eq!(resources, ["acme/npm-store", "999999999999:shared/r", "acme/r"]);
    assert_eq!(resolved[0].known["npm"], "https://known/npm/npm-store/");
    assert!(resolved[1].known.is_empty());
}

#[test]
fn addresses_are_the_repositorys_own_unless_the_spec_says_otherwise() {
    for (extra, expected) in [
        (json!({}), Some("https://known/pypi/npm-store/")),
        (json!({"endpointType": "ipv4"}), Some("https://known/pypi/npm-store/")),
        (json!({"endpointType": "dualstack"}), None),
        (
            json!({"endpoint": "https://vpce-1.example.com/"}),
            Some("https://vpce-1.example.com/pypi/d/acme-123456789012/npm-store/"),
        ),
        (
            json!({"endpoint": "https://vpce-1.example.com:8443"}),
            Some("https://vpce-1.example.com:8443/pypi/d/acme-123456789012/npm-store/"),
        ),
    ] {
        let credential = credential("team", "1h", &by_reference(&extra));
        let resolved = resolve(&credential, &account(), &caches("us-east-1", true)).unwrap();
        assert_eq!(resolved[0].known.get("pypi").map(String::as_str), expected, "{extra}");
    }
}

#[test]
fn what_cannot_be_resolved_says_what_is_missing() {
    let credential = credential("team", "1h", &by_reference(&json!({})));
    for (caches, reason, outlook, text) in [
        (
            Caches::default(),
            Reason::DependencyNotReady,
            Outlook::Waiting,
            "Repository platform/store does not exist",
        ),
        (
            caches("us-east-1", false),
            Reason::DependencyNotReady,
            Outlook::Waiting,
            "does not exist in AWS yet",
        ),
        (
            caches("eu-west-1", true),
            Reason::InvalidSpec,
            Outlook::Stalled,
            "AwsAccount default works in us-east-1",
        ),
    ] {
        let error = resolve(&credential, &account(), &caches).unwrap_err();
        assert_eq!((error.reason(), error.outlook()), (reason, outlook), "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[test]
fn a_grant_names_the_role_and_the_longest_life() {
    let caches = caches("us-east-1", true);
    let named = |domain: &str, owner: Option<&str>| json!([{"repository": {"domain": domain, "owner": owner, "name": "r"}, "formats": ["npm"]}]);
    let roles = |namespace: &str, duration: &str, registries: Value| {
        let credential = credential(namespace, duration, &registries);
        let resolved = resolve(&credential, &account(), &caches).unwrap();
        super::roles(&credential, &account(), &caches, &resolved)
    };
    let role = roles("team", "4h", named("acme", None)).unwrap().into_values().next().unwrap();
    assert_eq!(role.as_deref(), Some("arn:aws:iam::123456789012:role/team"));
    let role =
        roles("team", "12h", named("shared", Some("999999999999"))).unwrap().into_values().next().unwrap();
    assert_eq!(role, None);
    for (what, answer, reason) in [
        ("longer than granted", roles("team", "5h", named("acme", None)), Reason::InvalidSpec),
        ("another namespace", roles("other", "1h", named("acme", None)), Reason::GrantMissing),
        (
            "another namespace, by reference",
            roles("other", "1h", by_reference(&json!({}))),
            Reason::GrantMissing,
        ),
        ("another domain", roles("team", "1h", named("other", None)), Reason::GrantMissing),
        (
            "a domain of that name in our account",
            roles("team", "1h", named("shared", None)),
            Reason::GrantMissing,
        ),
        (
            "a domain of that name in another account",
            roles("team", "1h", named("acme", Some("999999999999"))),
            Reason::GrantMissing,
        ),
    ] {
        assert_eq!(answer.unwrap_err().reason(), reason, "{what}");
    }
    let error = roles("team", "5h", named("acme", None)).unwrap_err().to_string();
    assert!(
        error.starts_with("spec.token.duration is 5h: ") && error.contains("at most 4h for domain acme"),
        "{error}"
    );
}

#[test]
fn netrc_alone_needs_one_address() {
    assert_eq!(package_formats(&[Format::Netrc]), [PackageFormat::Npm]);
    assert_eq!(
        package_formats(&[Format::Pip, Format::Netrc, Format::Npm]),
        [PackageFormat::Npm, PackageFormat::Pypi]
    );
}
