//! What the API server refuses, and what it says.

mod account;
mod cluster_credential;
mod credential;
mod package_policy;
mod repository;

use serde_json::{Value, json};

use super::{Row, row};

/// Kind, metadata.name and message, for names that default to metadata.name.
pub(super) const BY_NAME: [(&str, &str, &str); 2] = [
    (
        "Domain",
        "acme.com",
        "metadata.name cannot be the name of a domain, which has 2 to 50 lower-case letters, digits and -, begins with a letter and does not end with -; set spec.name",
    ),
    (
        "Repository",
        "a",
        "metadata.name cannot be the name of a repository, which has 2 to 100 letters, digits and . _ -; set spec.name",
    ),
];

/// Changes to the valid objects, and the message of the rule or limit that they break.
pub(super) fn on_create() -> Vec<Row> {
    [
        account::top(),
        account::grants(),
        domain(),
        repository::rows(),
        package_policy::rows(),
        package_policy::names(),
        credential::registries(),
        credential::names(),
        credential::settings(),
        cluster_credential::own(),
        cluster_credential::shared(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What looks like a duration and is none, or is too large for any rule to read.
const NO_DURATION: [&str; 8] = ["1d", "12H", "3600", "1h30", "", "-1h", "9999999999999h", "1h 30m"];
const UNWRITTEN: &str = "write a duration like 90m or 1h30m, in h, m and s; days are not known";
const ACCOUNT: &str = "an AWS account is 12 digits, without spaces or dashes";
const DOMAIN_NAME: &str =
    "the name of a domain has lower-case letters, digits and -, begins with a letter and does not end with -";
const REPOSITORY_NAME: &str =
    "the name of a repository has letters, digits and . _ -, and begins with a letter or a digit";
const RESERVED: &str = "tag keys under aws: and codeartifact-operator.dev/ are reserved";
const TAG_KEY: &str = "a tag key has 1 to 128 characters";

fn tags(kind: &'static str, most: &'static str) -> Vec<Row> {
    let many: serde_json::Map<String, Value> = (0..30).map(|n| (format!("k{n}"), json!(""))).collect();
    vec![
        row(kind, json!({"tags": {"aws:team": "a"}}), RESERVED),
        row(kind, json!({"tags": {"codeartifact-operator.dev/owner": "a"}}), RESERVED),
        row(kind, json!({"tags": {"": "a"}}), TAG_KEY),
        row(kind, json!({"tags": {"k".repeat(129): "a"}}), TAG_KEY),
        row(kind, json!({"tags": {"k": "v".repeat(257)}}), "spec.tags.k: Too long"),
        row(kind, json!({ "tags": many }), most),
    ]
}

/// Domain and Repository have these in common.
fn management(kind: &'static str) -> Vec<Row> {
    const INTERVAL: &str = "interval must lie between 1m and 24h";
    let mut rows = vec![
        row(kind, json!({"interval": "59s"}), INTERVAL),
        row(kind, json!({"interval": "25h"}), INTERVAL),
        row(kind, json!({"mode": "Maybe"}), "spec.mode: Unsupported value"),
        row(kind, json!({"adoptionPolicy": "Always"}), "spec.adoptionPolicy: Unsupported value"),
        row(kind, json!({"deletionPolicy": "Keep"}), "spec.deletionPolicy: Unsupported value"),
        row(
            kind,
            json!({"accountRef": {"name": ""}}),
            "spec.accountRef.name in body should be at least 1 chars long",
        ),
    ];
    rows.extend(NO_DURATION.map(|duration| row(kind, json!({ "interval": duration }), UNWRITTEN)));
    rows.extend(tags(kind, "must have at most 29 items"));
    rows
}

fn domain() -> Vec<Row> {
    const KIND: &str = "Domain";
    let mut rows = vec![
        row(KIND, json!({"name": "Acme"}), DOMAIN_NAME),
        row(KIND, json!({"name": "acme-"}), DOMAIN_NAME),
        row(KIND, json!({"name": "a".repeat(51)}), "spec.name: Too long"),
        row(KIND, json!({"owner": "me"}), ACCOUNT),
        row(KIND, json!({"encryptionKey": "a key"}), "spec.encryptionKey in body should match"),
        row(KIND, json!({"encryptionKey": ""}), "spec.encryptionKey in body should be at least 1 chars long"),
    ];
    rows.extend(management(KIND));
    rows
}

/// A change to the valid object that is stored first, and one that must not follow it.
pub(super) fn on_update() -> Vec<(Value, Row)> {
    const NAME: &str = "name is immutable; delete this object and make a new one";
    const OWNER: &str = "owner is immutable; delete this object and make a new one";
    const KEY: &str = "encryptionKey is immutable: AWS fixes it when the domain is created; where there is no domain yet, delete this object and make a new one";
    const DOMAIN: &str = "domain is immutable; delete this object and make a new one";
    const DOMAIN_REF: &str = "domainRef is immutable; delete this object and make a new one";
    let by_name = json!({"domainRef": null, "domain": {"name": "acme"}});
    let mut rows = vec![
        (
            json!({}),
            row(
                "AwsAccount",
                json!({"accountId": "999999999999"}),
                "accountId is immutable; delete this object and make a new one",
            ),
        ),
        (
            json!({}),
            row(
                "AwsAccount",
                json!({"region": "us-east-1"}),
                "region is immutable; delete this object and make a new one",
            ),
        ),
        (json!({}), row("Repository", json!({"domainRef": {"name": "other"}}), DOMAIN_REF)),
        (json!({}), row("Repository", by_name.clone(), DOMAIN_REF)),
        (by_name.clone(), row("Repository", json!({"domain": {"name": "other"}}), DOMAIN)),
        (by_name, row("Repository", json!({"domain": null, "domainRef": {"name": "acme"}}), DOMAIN)),
    ];
    let fields = [
        ("Domain", "name", "acme", "other", NAME),
        ("Domain", "owner", "123456789012", "999999999999", OWNER),
        ("Domain", "encryptionKey", "alias/a", "alias/b", KEY),
        ("Repository", "name", "acme", "other", NAME),
    ];
    for (kind, field, one, other, message) in fields {
        rows.push((json!({field: one}), row(kind, json!({field: other}), message)));
        rows.push((json!({field: one}), row(kind, json!({field: null}), message)));
        rows.push((json!({}), row(kind, json!({field: one}), message)));
    }
    rows
}
