//! What is refused of a Repository.

use serde_json::{Value, json};

use super::super::{Row, row};
use super::{ACCOUNT, DOMAIN_NAME, REPOSITORY_NAME, management};

/// Where it lives, what it is called, what it draws from.
pub(super) fn rows() -> Vec<Row> {
    const KIND: &str = "Repository";
    const DOMAIN: &str = "exactly one of domainRef and domain is needed";
    const ONE_LINE: &str = "a description is one line, without line breaks and other control characters";
    const UPSTREAM: &str = "an upstream needs exactly one of repositoryRef and name";
    let upstreams: Vec<Value> = (0..11).map(|n| json!({"name": format!("store-{n}")})).collect();
    let mut rows = vec![
        row(KIND, json!({"domainRef": null}), DOMAIN),
        row(KIND, json!({"domain": {"name": "acme"}}), DOMAIN),
        row(KIND, json!({"domainRef": null, "domain": {"name": "Acme"}}), DOMAIN_NAME),
        row(KIND, json!({"domainRef": null, "domain": {"name": "acme", "owner": "me"}}), ACCOUNT),
        row(KIND, json!({"name": "-team"}), REPOSITORY_NAME),
        row(
            KIND,
            json!({"domainRef": {"name": "acme\nERROR forged", "namespace": "platform"}}),
            "spec.domainRef.name in body should match",
        ),
        row(
            KIND,
            json!({"domainRef": {"name": "acme", "namespace": "plat\u{1b}[31mform"}}),
            "spec.domainRef.namespace in body should match",
        ),
        row(
            KIND,
            json!({"accountRef": {"name": "\u{202e}tluafed"}}),
            "spec.accountRef.name in body should match",
        ),
        row(KIND, json!({"description": "a\nb"}), ONE_LINE),
        row(KIND, json!({"description": "a\u{202e}b"}), ONE_LINE),
        row(KIND, json!({"description": "a".repeat(1001)}), "spec.description: Too long"),
        row(
            KIND,
            json!({"externalConnection": "public:npmjs"}),
            "a repository has upstreams or an external connection, not both",
        ),
        row(
            KIND,
            json!({"upstreams": null, "externalConnection": "public npmjs"}),
            "spec.externalConnection in body should match",
        ),
        row(KIND, json!({"upstreams": [{}]}), UPSTREAM),
        row(KIND, json!({"upstreams": [{"name": "aa", "repositoryRef": {"name": "aa"}}]}), UPSTREAM),
        row(KIND, json!({"upstreams": [{"name": "aa"}, {"name": "aa"}]}), "an upstream is listed twice"),
        row(KIND, json!({"upstreams": [{"name": "a/b"}]}), REPOSITORY_NAME),
        row(
            KIND,
            json!({ "upstreams": upstreams }),
            "spec.upstreams: Too many: 11: must have at most 10 items",
        ),
    ];
    rows.extend(management(KIND));
    rows
}
