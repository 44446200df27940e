//! What registries resolve to.

use kube::Resource;
use serde_json::{Value, json};

use super::*;
use crate::api::{AwsAccountSpec, RegistryCredential, RegistryCredentialSpec, Repository, RepositorySpec};
use crate::reason::{Outlook, Reason};

fn account() -> AwsAccount {
    let spec: AwsAccountSpec = serde_json::from_value(json!({
        "region": "us-east-1", "accountId": "123456789012",
        "grants": [{"namespaces": {"names": ["team"]}, "credentials": [
            {"domains": ["acme", "999999999999:shared"]},
        ]}, {"namespaces": {"names": ["else"]}, "credentials": [{"domains": ["else"]}]}],
    }))
    .unwrap();
    AwsAccount::new("default", spec)
}

/// With the duration left out where it is empty.
fn credential(namespace: &str, duration: &str, registries: &Value) -> RegistryCredential {
    let token = if duration.is_empty() { json!({}) } else { json!({"duration": duration}) };
    let spec: RegistryCredentialSpec =
        serde_json::from_value(json!({"registries": registries, "token": token})).unwrap();
    let mut credential = RegistryCredential::new("login", spec);
    credential.meta_mut().namespace = Some(namespace.into());
    credential
}

fn resolve<'a>(
    object: &'a RegistryCredential,
    account: &AwsAccount,
    caches: &Caches,
) -> Result<Vec<Resolved<'a>>> {
    let namespace = object.namespace().unwrap_or_default();
    let scope = Scope { account, caches, namespace: &namespace, by: GrantedBy::Credentials };
    let registries = object.spec.registries.iter().enumerate();
    registries
        .map(|(index, spec)| {
            let mut resolved = scope.resolve(index, spec)?;
            resolved.find_endpoint(index, account)?;
            Ok(resolved)
        })
        .collect()
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
    let resources: Vec<_> = resolved.iter().map(|registry| registry.identity.to_string()).collect();
    assert_eq!(resources, ["acme/npm-store", "999999999999:shared/r", "acme/r"]);
}

#[test]
fn no_address_is_taken_from_the_status_of_another_object() {
    let service = "https://acme-123456789012.d.codeartifact.us-east-1.amazonaws.com/pypi/npm-store/";
    let behind = |host: &str| format!("https://{host}/pypi/d/acme-123456789012/npm-store/");
    for (extra, private, by_name) in [
        (json!({}), None, Some(service)),
        (json!({"endpointType": "ipv4"}), None, Some(service)),
        (json!({"endpointType": "dualstack"}), None, None),
        (
            json!({"endpoint": "https://vpce-1.example.com/"}),
            Some(behind("vpce-1.example.com")),
            Some(service),
        ),
        (
            json!({"endpoint": "https://vpce-1.example.com:8443"}),
            Some(behind("vpce-1.example.com:8443")),
            Some(service),
        ),
    ] {
        let credential = credential("team", "1h", &by_reference(&extra));
        let resolved = resolve(&credential, &account(), &caches("us-east-1", true)).unwrap();
        let pypi = |endpoints: &Option<Endpoints>| endpoints.as_ref().map(|all| all["pypi"].clone());
        assert_eq!(pypi(&resolved[0].private), private, "{extra}");
        assert_eq!(pypi(&resolved[0].by_name).as_deref(), by_name, "{extra}");
    }
    let mut elsewhere = account();
    elsewhere.spec.endpoints =
        serde_json::from_value(json!({"codeartifact": "https://vpce-2.example.com"})).unwrap();
    let credential = credential("team", "1h", &by_reference(&json!({})));
    let resolved = resolve(&credential, &elsewhere, &caches("us-east-1", true)).unwrap();
    assert_eq!(resolved[0].by_name, None, "the service's own names may lead nowhere from there");
}

#[test]
fn what_cannot_be_resolved_says_what_is_missing_to_those_who_may_know() {
    let own = "Repository platform/store does not exist";
    let unseen = "Repository platform/store cannot be used from here";
    let (waiting, stalled) =
        ((Reason::DependencyNotReady, Outlook::Waiting), (Reason::InvalidSpec, Outlook::Stalled));
    let (refused, none) =
        ((Reason::GrantMissing, Outlook::Stalled), "`credentials` for the domain of Repository");
    for (what, namespace, caches, expected, text) in [
        ("none, in the same namespace", "platform", Caches::default(), waiting, own),
        (
            "not in AWS, same namespace",
            "platform",
            caches("us-east-1", false),
            waiting,
            "has not been reconciled yet",
        ),
        ("none, granted", "team", Caches::default(), waiting, unseen),
        (
            "not in AWS yet, granted",
            "team",
            caches("us-east-1", false),
            waiting,
            "has not been reconciled yet",
        ),
        ("another Region, granted", "team", caches("eu-west-1", true), stalled, "default works in us-east-1"),
        ("none, another domain granted", "else", Caches::default(), waiting, unseen),
        ("not in AWS yet, another domain granted", "else", caches("us-east-1", false), waiting, unseen),
        ("in AWS, another domain granted", "else", caches("us-east-1", true), waiting, unseen),
        ("another Region, another domain granted", "else", caches("eu-west-1", true), waiting, unseen),
        ("none, no domain granted", "other", Caches::default(), refused, none),
        ("in AWS, no domain granted", "other", caches("us-east-1", true), refused, none),
    ] {
        let credential = credential(namespace, "1h", &by_reference(&json!({})));
        let error = resolve(&credential, &account(), &caches).unwrap_err();
        assert_eq!((error.reason(), error.outlook()), expected, "{what}: {error}");
        assert!(error.to_string().contains(text), "{what}: {error}");
    }
}

#[test]
fn who_has_no_grant_cannot_tell_what_exists_elsewhere() {
    for namespace in ["other", "else"] {
        let credential = credential(namespace, "1h", &by_reference(&json!({})));
        let said = |caches: Caches| resolve(&credential, &account(), &caches).unwrap_err().to_string();
        let absent = said(Caches::default());
        for there in [caches("us-east-1", true), caches("us-east-1", false), caches("eu-west-1", true)] {
            assert_eq!(said(there), absent);
        }
        assert!(absent.contains("AwsAccount default"), "{absent}");
        assert!(absent.contains(&format!("namespace {namespace}")), "{absent}");
    }
}

#[test]
fn netrc_alone_needs_one_address() {
    assert_eq!(package_formats(&[Format::Netrc]), [PackageFormat::Npm]);
    assert_eq!(
        package_formats(&[Format::Pip, Format::Netrc, Format::Npm]),
        [PackageFormat::Npm, PackageFormat::Pypi]
    );
}
