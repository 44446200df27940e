//! What the API server accepts, and what it makes of it.

use serde_json::{Value, json};

/// Short name, kind, columns, and further columns that `-o wide` shows.
pub(super) const COLUMNS: [(&str, &str, &str, &[&str]); 5] = [
    ("caacct", "AwsAccount", "NAME ACCOUNT REGION READY REASON AGE", &["MESSAGE"]),
    ("cadom", "Domain", "NAME DOMAIN READY REASON AGE", &["ARN", "DRIFTED", "MESSAGE"]),
    ("carepo", "Repository", "NAME DOMAIN REPOSITORY READY REASON AGE", &["ARN", "DRIFTED", "MESSAGE"]),
    ("capol", "PackagePolicy", "NAME DOMAIN REPOSITORY MODE READY REASON AGE", &["DRIFTED", "MESSAGE"]),
    ("cacred", "RegistryCredential", "NAME SECRET READY REASON EXPIRES AGE", &["MESSAGE"]),
];

/// What the stored spec of the valid object holds besides what it was given.
pub(super) fn defaults() -> Vec<(&'static str, Value)> {
    let account_ref = json!({"name": "default"});
    vec![
        (
            "AwsAccount",
            json!({"credentials": {"controller": {}}, "suspend": false,
                "limits": {"readsPerSecond": 100, "writesPerSecond": 20, "tokensPerSecond": 10}}),
        ),
        (
            "Domain",
            json!({"accountRef": account_ref, "mode": "Enforce", "adoptionPolicy": "Never", "deletionPolicy": "Retain",
                "suspend": false, "interval": "1h"}),
        ),
        (
            "Repository",
            json!({"accountRef": account_ref, "mode": "Enforce", "adoptionPolicy": "Never", "deletionPolicy": "Retain",
                "suspend": false, "interval": "1h"}),
        ),
        (
            "PackagePolicy",
            json!({"accountRef": account_ref, "mode": "Observe", "suspend": false, "interval": "24h"}),
        ),
        (
            "RegistryCredential",
            json!({"accountRef": account_ref, "token": {}, "secret": {}, "suspend": false}),
        ),
    ]
}

/// A Region of each shape that the SDK's partitions know.
pub(super) fn regions() -> impl Iterator<Item = (&'static str, Value)> {
    let regions = ["eusc-de-east-1", "us-gov-west-1", "us-isob-east-1", "cn-north-1", "ap-southeast-12"];
    regions.into_iter().map(|region| ("AwsAccount", json!({"region": region})))
}

/// Durations in each form that is known, at the limits.
pub(super) fn durations() -> Vec<(&'static str, Value)> {
    vec![
        ("RegistryCredential", json!({"token": {"duration": "15m", "renewBefore": "450s"}})),
        ("RegistryCredential", json!({"token": {"renewBefore": "6h"}})),
        ("RegistryCredential", json!({"token": {"duration": "900s", "renewBefore": "1m30s"}})),
        ("RegistryCredential", json!({"token": {"duration": "1.5h", "renewBefore": "2700.0s"}})),
        ("Domain", json!({"interval": "23h59m60s"})),
    ]
}

/// Changes to the valid objects that keep them valid, at the limits of what the rules allow.
pub(super) fn specs() -> Vec<(&'static str, Value)> {
    let mut specs = vec![
        ("AwsAccount", json!({})),
        ("AwsAccount", json!({"credentials": {"secretRef": {"namespace": "a", "name": "b"}}})),
        (
            "AwsAccount",
            json!({"endpoints": {"codeartifact": "http://127.0.0.1:4566", "sts": "https://sts.example/"}}),
        ),
        ("AwsAccount", json!({"allowedEndpoints": []})),
        (
            "AwsAccount",
            json!({"allowedEndpoints": ["*.svc", "proxy.platform.svc.cluster.local", "10.0.0.1", "VPCE.example.com"]}),
        ),
        ("AwsAccount", json!({"grants": [{"namespaces": {"all": true}}]})),
        (
            "AwsAccount",
            json!({"grants": [{"namespaces": {"selector": {"matchLabels": {"a": "b"}}}, "credentials": [
            {"domains": ["*"], "roleArn": "arn:aws-cn:iam::123456789012:role/path/name", "maxDuration": "15m"}]}]}),
        ),
        (
            "AwsAccount",
            json!({"region": "us-gov-west-1", "formerClusters": ["green"], "tags": {"awsome": ""}}),
        ),
        ("Domain", json!({})),
        (
            "Domain",
            json!({"name": "a".repeat(50), "owner": "999999999999", "mode": "Observe", "interval": "1m"}),
        ),
        (
            "Domain",
            json!({"encryptionKey": "alias/packages", "interval": "24h", "tags": {"k".repeat(128): "v".repeat(256)}}),
        ),
        ("Repository", json!({"upstreams": null, "externalConnection": "public:npmjs"})),
        (
            "Repository",
            json!({"upstreams": [], "externalConnection": "public:npmjs", "deletionPolicy": "DeleteIfEmpty"}),
        ),
        ("Repository", json!({"domainRef": null, "domain": {"name": "acme", "owner": "123456789012"}})),
        ("Repository", json!({"name": "Team_1.x-y", "description": "Größe ✓"})),
        (
            "Repository",
            json!({"upstreams": [{"name": "bb"}, {"name": "aa"}, {"repositoryRef": {"name": "aa"}}]}),
        ),
        (
            "PackagePolicy",
            json!({"mode": "Enforce", "packages": [{"format": "npm", "namespace": "acme", "name": "hello"},
            {"format": "npm", "name": "hello"}, {"format": "maven", "namespace": "com.acme", "name": "hello"},
            {"format": "pypi", "name": "hello-world"}, {"format": "nuget", "name": "acme.hello"}]}),
        ),
        ("PackagePolicy", json!({"repositoryRef": null, "repository": {"domain": "acme", "name": "team"}})),
    ];
    specs.extend(logins());
    specs
}

fn logins() -> Vec<(&'static str, Value)> {
    let registry = |scope: &str| json!({"repositoryRef": {"name": "a"}, "formats": ["npm"], "scope": scope});
    vec![
        (
            "RegistryCredential",
            json!({"registries": [registry("@acme"), registry("@other"),
            {"repository": {"domain": "acme", "name": "team"}, "formats": ["npm"], "endpointType": "dualstack"}]}),
        ),
        (
            "RegistryCredential",
            json!({"registries": [{"repositoryRef": {"name": "a"}, "formats": ["npm"], "accountRef": {"name": "eu"},
            "endpoint": "http://proxy.platform.svc:8080/any/path"}]}),
        ),
        ("RegistryCredential", json!({"secret": {"labels": {"a-1.b--2.c/d": "e", "f": "g"}}})),
        (
            "RegistryCredential",
            json!({"secret": {"name": "npm.login", "labels": {"app.kubernetes.io/name": "web", "x": ""},
            "annotations": {"reloader.stakater.com/match": "true"}}}),
        ),
    ]
}
