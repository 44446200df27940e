//! What is refused of a PackagePolicy.

use serde_json::{Value, json};

use super::super::{Row, row};
use super::{ACCOUNT, DOMAIN_NAME, NO_DURATION, REPOSITORY_NAME, UNWRITTEN};

const KIND: &str = "PackagePolicy";

/// Which packages, and who may add versions.
pub(super) fn rows() -> Vec<Row> {
    const REPOSITORY: &str = "exactly one of repositoryRef and repository is needed";
    const NEEDED: &str = "maven, swift and generic packages need a namespace";
    const FORBIDDEN: &str = "pypi, nuget, ruby and cargo packages have no namespace";
    const INTERVAL: &str = "interval must lie between 1m and 24h";
    let package = |package: Value| json!({ "packages": [package] });
    let many: Vec<Value> = (0..101).map(|n| json!({"format": "npm", "name": format!("hello-{n}")})).collect();
    let mut rows = vec![
        row(KIND, json!({"repositoryRef": null}), REPOSITORY),
        row(KIND, json!({"repository": {"domain": "acme", "name": "team"}}), REPOSITORY),
        row(KIND, json!({"interval": "59s"}), INTERVAL),
        row(KIND, json!({"interval": "25h"}), INTERVAL),
        row(KIND, json!({"mode": "Maybe"}), "spec.mode: Unsupported value"),
        row(KIND, json!({"packages": []}), "spec.packages in body should have at least 1 items"),
        row(KIND, json!({ "packages": many }), "spec.packages: Too many: 101: must have at most 100 items"),
        row(
            KIND,
            package(json!({"format": "rpm", "name": "hello"})),
            "spec.packages[0].format: Unsupported value",
        ),
        row(
            KIND,
            package(json!({"format": "pypi", "name": "Hello_World"})),
            "a pypi name must be normalised: lower case, runs of . _ - as one -",
        ),
        row(
            KIND,
            package(json!({"format": "nuget", "name": "Acme.Hello"})),
            "a nuget name must be lower case",
        ),
        row(KIND, json!({"origin": null}), "spec.origin: Required value"),
        row(KIND, json!({"origin": {"upstream": null}}), "spec.origin.upstream: Required value"),
        row(KIND, json!({"origin": {"publish": "Maybe"}}), "spec.origin.publish: Unsupported value"),
    ];
    let bare = ["maven", "swift", "generic"].map(|format| json!({"format": format, "name": "hello"}));
    rows.extend(bare.map(|bare| row(KIND, package(bare), NEEDED)));
    let with = ["pypi", "nuget", "ruby", "cargo"]
        .map(|format| json!({"format": format, "namespace": "a", "name": "hello"}));
    rows.extend(NO_DURATION.map(|duration| row(KIND, json!({ "interval": duration }), UNWRITTEN)));
    rows.extend(with.map(|with| row(KIND, package(with), FORBIDDEN)));
    rows
}

/// Names of packages and of the repository.
pub(super) fn names() -> Vec<Row> {
    const NAME: &str = "a name has no #, no white space and no control characters";
    const NAMESPACE: &str = "a namespace has no / * #, no white space and no control characters";
    let package = |package: Value| json!({ "packages": [package] });
    let named = |member: &str, value: &str| {
        let mut repository = json!({"domain": "acme", "name": "team"});
        repository[member] = json!(value);
        json!({"repositoryRef": null, "repository": repository})
    };
    vec![
        row(
            KIND,
            package(json!({"format": "npm", "name": "hello*"})),
            "write the whole name of each package: * is no wildcard",
        ),
        row(
            KIND,
            package(json!({"format": "npm", "name": "@acme/x"})),
            "a name has no /: the package @acme/x of npm has the namespace acme and the name x",
        ),
        row(KIND, package(json!({"format": "npm", "name": "\u{202e}olleh"})), NAME),
        row(KIND, package(json!({"format": "npm", "name": "hello world"})), NAME),
        row(KIND, package(json!({"format": "npm", "name": "hello#1"})), NAME),
        row(
            KIND,
            package(json!({"format": "npm", "namespace": "@acme", "name": "hello"})),
            "namespace is the scope without the @: acme for @acme/x",
        ),
        row(KIND, package(json!({"format": "npm", "namespace": "acme/x", "name": "hello"})), NAMESPACE),
        row(KIND, package(json!({"format": "maven", "namespace": "com.*", "name": "hello"})), NAMESPACE),
        row(KIND, named("domain", "Acme"), DOMAIN_NAME),
        row(KIND, named("name", "a/b"), REPOSITORY_NAME),
        row(KIND, named("owner", "me"), ACCOUNT),
    ]
}
