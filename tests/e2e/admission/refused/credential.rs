//! What is refused of a RegistryCredential.

use serde_json::{Value, json};

use super::super::{Row, row};
use super::{ACCOUNT, DOMAIN_NAME, NO_DURATION, REPOSITORY_NAME, UNWRITTEN};

const UNSCOPED: &str = "a scope needs the format npm, yarn1, yarn or swift in formats";

const KIND: &str = "RegistryCredential";
/// Which registries, in which files.
pub(super) fn registries() -> Vec<Row> {
    const ONE: &str = "a registry needs exactly one of repositoryRef and repository";
    let npm = json!({"repositoryRef": {"name": "team"}, "formats": ["npm"]});
    let pip = json!({"repositoryRef": {"name": "team"}, "formats": ["pip"]});
    let scoped = json!({"repositoryRef": {"name": "team"}, "formats": ["npm"], "scope": "@acme"});
    let both =
        json!({"repositoryRef": {"name": "team"}, "formats": ["npm"], "scope": "@a", "scopes": ["@b"]});
    let registry = |registry: Value| json!({ "registries": [registry] });
    let endpoints = json!({"repositoryRef": {"name": "team"}, "formats": ["npm"], "endpointType": "ipv4",
        "endpoint": "https://example.com"});
    vec![
        row(KIND, json!({"registries": []}), "spec.registries in body should have at least 1 items"),
        row(
            KIND,
            json!({"registries": vec![&pip; 11]}),
            "spec.registries: Too many: 11: must have at most 10 items",
        ),
        row(KIND, registry(json!({"formats": ["npm"]})), ONE),
        row(KIND, with("repository", json!({"domain": "acme", "name": "team"})), ONE),
        row(
            KIND,
            json!({"registries": [npm, npm]}),
            "npm, yarn1, yarn and swift can each hold one registry without a scope; give the others a scope",
        ),
        row(
            KIND,
            json!({"registries": [with_formats(&["swift", "npm"]), with_formats(&["pip", "swift"])]}),
            "npm, yarn1, yarn and swift can each hold one registry without a scope; give the others a scope",
        ),
        row(
            KIND,
            json!({"registries": [pip, pip]}),
            "pip and sbt can each hold one registry; make a second RegistryCredential for the other",
        ),
        row(
            KIND,
            json!({"registries": [with_formats(&["sbt"]), with_formats(&["maven", "sbt"])]}),
            "pip and sbt can each hold one registry; make a second RegistryCredential for the other",
        ),
        row(KIND, json!({"registries": [scoped, scoped]}), "a scope is used twice"),
        row(KIND, with("scope", json!("@acme")), UNSCOPED),
        row(KIND, with("scopes", json!(["@acme"])), UNSCOPED),
        row(KIND, json!({"registries": [both]}), "scope and scopes exclude each other"),
        row(KIND, registry(endpoints), "endpoint and endpointType exclude each other"),
        row(KIND, with("endpointType", json!("ipv6")), "spec.registries[0].endpointType: Unsupported value"),
        row(
            KIND,
            with("formats", json!([])),
            "spec.registries[0].formats in body should have at least 1 items",
        ),
        row(KIND, with("formats", json!(["pip", "pip"])), "a format is listed twice"),
        row(KIND, with("formats", json!(["rpm"])), "spec.registries[0].formats[0]: Unsupported value"),
    ]
}

/// A registry with one more member.
fn with(member: &str, value: Value) -> Value {
    let mut registry = json!({"repositoryRef": {"name": "team"}, "formats": ["pip"]});
    registry[member] = value;
    json!({ "registries": [registry] })
}

/// A registry in the files of those formats.
fn with_formats(formats: &[&str]) -> Value {
    json!({"repositoryRef": {"name": "team"}, "formats": formats})
}

/// A registry of an npm format with those scopes.
fn with_scopes(scopes: &[String]) -> Value {
    json!({"registries": [{"repositoryRef": {"name": "team"}, "formats": ["yarn"], "scopes": scopes}]})
}

/// Names and addresses of registries.
pub(super) fn names() -> Vec<Row> {
    const SCOPE: &str = "a scope has lower-case letters, digits and . _ ~ - after the @";
    const OPEN: &str = "endpoint begins with https://, so that no token is sent in the open; http:// is only for Services of the cluster, such as http://proxy.platform.svc";
    const ENDPOINT: &str = "endpoint is https:// and the name of a host, perhaps with a port and with a path of letters, digits and . _ -";
    vec![
        row(KIND, with("scope", json!("acme")), "a scope begins with @, such as @acme"),
        row(KIND, with("scope", json!("@Acme")), SCOPE),
        row(KIND, with("scope", json!("@acme/x")), SCOPE),
        row(KIND, with_scopes(&["@acme".into(), "@Acme".into()]), SCOPE),
        row(KIND, with_scopes(&["acme".into()]), "a scope begins with @, such as @acme"),
        row(
            KIND,
            with_scopes(&["@acme".into(), "@acme".into()]),
            "spec.registries[0].scopes[1]: Duplicate value",
        ),
        row(KIND, with_scopes(&[]), "spec.registries[0].scopes in body should have at least 1 items"),
        row(
            KIND,
            with_scopes(&numbered_scopes(51)),
            "spec.registries[0].scopes: Too many: 51: must have at most 50 items",
        ),
        row(KIND, with_scopes(&[format!("@{}", "a".repeat(215))]), "spec.registries[0].scopes[0]: Too long"),
        row(KIND, with("endpoint", json!("http://example.com")), OPEN),
        row(KIND, with("endpoint", json!("http://platform.svc.example.com")), OPEN),
        row(KIND, with("endpoint", json!("http://svc/a")), OPEN),
        row(KIND, with("endpoint", json!("https://example.com:70000")), ENDPOINT),
        row(KIND, with("endpoint", json!("https://a..b:443")), ENDPOINT),
        row(KIND, with("endpoint", json!("https://example.com/npm/?a=b")), ENDPOINT),
        row(KIND, with("endpoint", json!("https://example.com/a/../b")), ENDPOINT),
        row(KIND, with("endpoint", json!("http://proxy.platform.svc/a//b")), ENDPOINT),
        row(KIND, with("endpoint", json!("https://user@example.com")), ENDPOINT),
        row(KIND, with("repository", json!({"domain": "Acme", "name": "team"})), DOMAIN_NAME),
        row(KIND, with("repository", json!({"domain": "acme", "name": "a/b"})), REPOSITORY_NAME),
        row(KIND, with("repository", json!({"domain": "acme", "name": "team", "owner": "me"})), ACCOUNT),
    ]
}

/// Keys and lengths of templates.
fn templates() -> Vec<Row> {
    const KEY: &str =
        "a key of templates has at most 253 letters, digits and - . _, and does not begin with ..";
    const OURS: &str = "the operator itself writes the keys token, password, username, expiration, expires_at, token-…, endpoint-… and publish-…; choose another key";
    let key = |key: &str| json!({"secret": {"templates": {key: "{{ token }}"}}});
    let illegal =
        ["a/b", "a b", "é", ".", "..", "..data", &"k".repeat(254)].map(|it| row(KIND, key(it), KEY));
    let ours = [
        "token",
        "password",
        "username",
        "expiration",
        "expires_at",
        "token-previous",
        "endpoint-x",
        "publish-x",
    ];
    let many: serde_json::Map<_, _> = (0..21).map(|number| (format!("key-{number}"), json!("x"))).collect();
    illegal
        .into_iter()
        .chain(ours.map(|it| row(KIND, key(it), OURS)))
        .chain([
            row(
                KIND,
                json!({"secret": {"templates": many}}),
                "spec.secret.templates: Too many: 21: must have at most 20 items",
            ),
            row(
                KIND,
                json!({"secret": {"templates": {"a": "x".repeat(8193)}}}),
                "spec.secret.templates.a: Too long",
            ),
        ])
        .collect()
}

/// Scopes that differ.
fn numbered_scopes(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("@{}{number}", "s".repeat(200))).collect()
}

/// The token and the Secret.
pub(super) fn settings() -> Vec<Row> {
    const DURATION: &str = "duration must lie between 15m and 12h";
    const LABELS: &str = "labels under kubernetes.io/, k8s.io/ and codeartifact-operator.dev/ are reserved, but for app.kubernetes.io/ without managed-by";
    const ANNOTATIONS: &str =
        "annotations under kubernetes.io/, k8s.io/ and codeartifact-operator.dev/ are reserved";
    let mut rows = vec![
        row(KIND, json!({"token": {"duration": "14m"}}), DURATION),
        row(KIND, json!({"token": {"duration": "13h"}}), DURATION),
        row(KIND, json!({"token": {"duration": "901s"}}), "duration must be whole minutes"),
        row(KIND, json!({"token": {"duration": "15m0.5s"}}), "duration must be whole minutes"),
        row(KIND, json!({"token": {"renewBefore": "59s"}}), "renewBefore must be at least 1m"),
        row(KIND, json!({"token": {"renewBefore": "7h"}}), "renewBefore must be at most half of duration"),
        row(KIND, json!({"secret": {"name": "Login"}}), "spec.secret.name in body should match"),
        row(KIND, json!({"secret": {"name": "a..b"}}), "spec.secret.name in body should match"),
        row(
            KIND,
            json!({"secret": {"annotations": {"a": "b".repeat(1025)}}}),
            "spec.secret.annotations.a: Too long",
        ),
        row(KIND, json!({"secret": {"labels": {"-a": "b"}}}), "a key of labels is not legal in Kubernetes"),
        row(
            KIND,
            json!({"secret": {"labels": {"a..b/c": "d"}}}),
            "a key of labels is not legal in Kubernetes",
        ),
        row(
            KIND,
            json!({"secret": {"annotations": {"a.-b/c": "d"}}}),
            "a key of annotations is not legal in Kubernetes",
        ),
        row(KIND, json!({"secret": {"labels": {"a": "b c"}}}), "in body should match"),
        row(
            KIND,
            json!({"secret": {"annotations": {"a b": "c"}}}),
            "a key of annotations is not legal in Kubernetes",
        ),
    ];
    rows.extend(templates());
    for field in ["duration", "renewBefore"] {
        rows.extend(NO_DURATION.map(|duration| row(KIND, json!({"token": {field: duration}}), UNWRITTEN)));
    }
    for reserved in ["app.kubernetes.io/managed-by", "k8s.io/a", "codeartifact-operator.dev/content"] {
        rows.push(row(KIND, json!({"secret": {"labels": {reserved: "a"}}}), LABELS));
        rows.push(row(KIND, json!({"secret": {"annotations": {reserved: "a"}}}), ANNOTATIONS));
    }
    for reserved in ["kubernetes.io/arch", "node.kubernetes.io/a", "x.app.kubernetes.io/name"] {
        rows.push(row(KIND, json!({"secret": {"labels": {reserved: "a"}}}), LABELS));
    }
    rows.push(row(KIND, json!({"secret": {"annotations": {"app.kubernetes.io/name": "a"}}}), ANNOTATIONS));
    rows
}
