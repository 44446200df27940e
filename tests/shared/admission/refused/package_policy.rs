//! What is refused of a PackagePolicy.

use serde_json::{Value, json};

use super::super::{Row, row};

/// Which packages, and who may add versions.
pub(super) fn rows() -> Vec<Row> {
    const KIND: &str = "PackagePolicy";
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
            package(json!({"format": "npm", "name": "hello*"})),
            "spec.packages[0].name in body should match",
        ),
        row(
            KIND,
            package(json!({"format": "npm", "name": "\u{202e}olleh"})),
            "spec.packages[0].name in body should match",
        ),
        row(
            KIND,
            package(json!({"format": "npm", "namespace": "@acme", "name": "hello"})),
            "spec.packages[0].namespace in body should match",
        ),
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
    rows.extend(with.map(|with| row(KIND, package(with), FORBIDDEN)));
    rows
}
