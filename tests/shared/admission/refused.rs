//! What the API server refuses, and what it says.

use serde_json::{Value, json};

use super::{Row, row};

/// Kind, metadata.name and message, for names that default to metadata.name.
pub(super) const BY_NAME: [(&str, &str, &str); 2] = [
    (
        "Domain",
        "acme.com",
        "metadata.name is not a legal domain name ([a-z][a-z0-9-]{0,48}[a-z0-9]); set spec.name",
    ),
    (
        "Repository",
        "a",
        "metadata.name is not a legal repository name ([A-Za-z0-9][A-Za-z0-9._-]{1,99}); set spec.name",
    ),
];

/// Changes to the valid objects, and the message of the rule or limit that they break.
pub(super) fn on_create() -> Vec<Row> {
    [account(), domain(), repository(), package_policy(), credential()].into_iter().flatten().collect()
}

const RESERVED: &str = "tag keys under aws: and codeartifact-operator.dev/ are reserved";
const TAG_KEY: &str = "a tag key has 1 to 128 characters";

fn tags(kind: &'static str, most: &'static str) -> Vec<Row> {
    let many: serde_json::Map<String, Value> = (0..30).map(|n| (format!("k{n}"), json!(""))).collect();
    vec![
        row(kind, json!({"tags": {"aws:team": "a"}}), RESERVED),
        row(kind, json!({"tags": {"codeartifact-operator.dev/owner": "a"}}), RESERVED),
        row(kind, json!({"tags": {"": "a"}}), TAG_KEY),
        row(kind, json!({"tags": {"k".repeat(129): "a"}}), TAG_KEY),
        row(kind, json!({"tags": {"k": "v".repeat(257)}}), "may not be more than 256 bytes"),
        row(kind, json!({ "tags": many }), most),
    ]
}

fn account() -> Vec<Row> {
    const KIND: &str = "AwsAccount";
    const ONE_SUBJECT: &str = "namespaces needs exactly one of names, selector and all";
    const MAX_DURATION: &str = "maxDuration must lie between 15m and 12h";
    const CREDENTIALS: &str = "credentials needs exactly one of controller and secretRef";
    let grant = |grant: Value| json!({ "grants": [grant] });
    let subject = |subject: Value| json!({"grants": [{"namespaces": subject}]});
    let minted = |duration: &str| json!({"grants": [{"namespaces": {"all": true}, "credentials": [{"domains": ["a"], "maxDuration": duration}]}]});
    let both = json!({"credentials": {"controller": {}, "secretRef": {"namespace": "a", "name": "b"}}});
    let mut rows = vec![
        row(KIND, json!({"accountId": "12345678901"}), "spec.accountId in body should match '^[0-9]{12}$'"),
        row(KIND, json!({"accountId": null}), "spec.accountId: Required value"),
        row(KIND, json!({"region": "Frankfurt"}), "spec.region in body should match"),
        row(KIND, json!({"region": null}), "spec.region: Required value"),
        row(KIND, json!({"endpoints": {"sts": "sts.example"}}), "spec.endpoints.sts in body should match"),
        row(
            KIND,
            json!({"endpoints": {"codeartifact": "http://a/b/c"}}),
            "spec.endpoints.codeartifact in body should match",
        ),
        row(KIND, both, CREDENTIALS),
        row(KIND, json!({"credentials": {}}), CREDENTIALS),
        row(
            KIND,
            json!({"limits": {"readsPerSecond": 0}}),
            "spec.limits.readsPerSecond in body should be greater than or equal to 1",
        ),
        row(
            KIND,
            json!({"limits": {"writesPerSecond": 0}}),
            "spec.limits.writesPerSecond in body should be greater than or equal to 1",
        ),
        row(
            KIND,
            json!({"limits": {"tokensPerSecond": 10_001}}),
            "spec.limits.tokensPerSecond in body should be less than or equal to 10000",
        ),
        row(
            KIND,
            json!({"formerClusters": [""]}),
            "spec.formerClusters[0] in body should be at least 1 chars long",
        ),
        row(KIND, subject(json!({})), ONE_SUBJECT),
        row(KIND, subject(json!({"all": true, "names": ["a"]})), ONE_SUBJECT),
        row(KIND, subject(json!({"all": false})), "all can only be true"),
        row(
            KIND,
            subject(json!({"names": []})),
            "spec.grants[0].namespaces.names in body should have at least 1 items",
        ),
        row(KIND, grant(json!({"manage": ["acme"]})), "spec.grants[0].namespaces: Required value"),
        row(
            KIND,
            grant(json!({"namespaces": {"all": true}, "manage": ["a/b/c"]})),
            "spec.grants[0].manage[0] in body should match",
        ),
        row(
            KIND,
            grant(json!({"namespaces": {"all": true}, "use": ["a b"]})),
            "spec.grants[0].use[0] in body should match",
        ),
        row(
            KIND,
            grant(json!({"namespaces": {"all": true}, "connect": ["a/b"]})),
            "spec.grants[0].connect[0] in body should match",
        ),
        row(
            KIND,
            grant(json!({"namespaces": {"all": true}, "credentials": [{"domains": []}]})),
            "should have at least 1 items",
        ),
        row(
            KIND,
            grant(
                json!({"namespaces": {"all": true}, "credentials": [{"domains": ["a"], "roleArn": "role"}]}),
            ),
            "roleArn in body should match",
        ),
        row(KIND, minted("14m"), MAX_DURATION),
        row(KIND, minted("13h"), MAX_DURATION),
    ];
    rows.extend(tags(KIND, "must have at most 20 items"));
    rows
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
    rows.extend(tags(kind, "must have at most 29 items"));
    rows
}

fn domain() -> Vec<Row> {
    const KIND: &str = "Domain";
    let mut rows = vec![
        row(KIND, json!({"name": "Acme"}), "spec.name in body should match"),
        row(KIND, json!({"name": "a".repeat(51)}), "spec.name: Too long"),
        row(KIND, json!({"owner": "me"}), "spec.owner in body should match"),
        row(KIND, json!({"encryptionKey": "a key"}), "spec.encryptionKey in body should match"),
        row(KIND, json!({"encryptionKey": ""}), "spec.encryptionKey in body should be at least 1 chars long"),
    ];
    rows.extend(management(KIND));
    rows
}

fn repository() -> Vec<Row> {
    const KIND: &str = "Repository";
    const DOMAIN: &str = "exactly one of domainRef and domain is needed";
    const UPSTREAM: &str = "an upstream needs exactly one of repositoryRef and name";
    let upstreams: Vec<Value> = (0..11).map(|n| json!({"name": format!("store-{n}")})).collect();
    let mut rows = vec![
        row(KIND, json!({"domainRef": null}), DOMAIN),
        row(KIND, json!({"domain": {"name": "acme"}}), DOMAIN),
        row(
            KIND,
            json!({"domainRef": null, "domain": {"name": "Acme"}}),
            "spec.domain.name in body should match",
        ),
        row(
            KIND,
            json!({"domainRef": null, "domain": {"name": "acme", "owner": "me"}}),
            "spec.domain.owner in body should match",
        ),
        row(KIND, json!({"name": "-team"}), "spec.name in body should match"),
        row(KIND, json!({"description": "a\nb"}), "spec.description in body should match"),
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
        row(KIND, json!({"upstreams": [{"name": "a/b"}]}), "spec.upstreams[0].name in body should match"),
        row(
            KIND,
            json!({ "upstreams": upstreams }),
            "spec.upstreams: Too many: 11: must have at most 10 items",
        ),
    ];
    rows.extend(management(KIND));
    rows
}

fn package_policy() -> Vec<Row> {
    const KIND: &str = "PackagePolicy";
    const REPOSITORY: &str = "exactly one of repositoryRef and repository is needed";
    const NEEDED: &str = "maven, swift and generic packages need a namespace";
    const FORBIDDEN: &str = "pypi, nuget, ruby and cargo packages have no namespace";
    const INTERVAL: &str = "interval must lie between 1m and 24h";
    let package = |package: Value| json!({ "packages": [package] });
    let hello = json!({"format": "npm", "name": "hello"});
    let many: Vec<Value> = (0..101).map(|n| json!({"format": "npm", "name": format!("hello-{n}")})).collect();
    let mut rows = vec![
        row(KIND, json!({"repositoryRef": null}), REPOSITORY),
        row(KIND, json!({"repository": {"domain": "acme", "name": "team"}}), REPOSITORY),
        row(KIND, json!({"interval": "59s"}), INTERVAL),
        row(KIND, json!({"interval": "25h"}), INTERVAL),
        row(KIND, json!({"mode": "Maybe"}), "spec.mode: Unsupported value"),
        row(KIND, json!({"packages": []}), "spec.packages in body should have at least 1 items"),
        row(KIND, json!({ "packages": many }), "spec.packages: Too many: 101: must have at most 100 items"),
        row(KIND, json!({"packages": [hello, hello]}), "a package is listed twice"),
        row(
            KIND,
            package(json!({"format": "npm", "name": "hello*"})),
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

fn credential() -> Vec<Row> {
    const KIND: &str = "RegistryCredential";
    const ONE: &str = "a registry needs exactly one of repositoryRef and repository";
    const DURATION: &str = "duration must lie between 15m and 12h";
    const LABELS: &str = "labels under kubernetes.io/, k8s.io/ and codeartifact-operator.dev/ are reserved";
    const ANNOTATIONS: &str =
        "annotations under kubernetes.io/, k8s.io/ and codeartifact-operator.dev/ are reserved";
    let npm = json!({"repositoryRef": {"name": "team"}, "formats": ["npm"]});
    let pip = json!({"repositoryRef": {"name": "team"}, "formats": ["pip"]});
    let scoped = json!({"repositoryRef": {"name": "team"}, "formats": ["npm"], "scope": "@acme"});
    let registry = |registry: Value| json!({ "registries": [registry] });
    let with = |member: &str, value: Value| {
        let mut registry = json!({"repositoryRef": {"name": "team"}, "formats": ["pip"]});
        registry[member] = value;
        json!({ "registries": [registry] })
    };
    let endpoints = json!({"repositoryRef": {"name": "team"}, "formats": ["npm"], "endpointType": "ipv4",
        "endpoint": "https://example.com"});
    let mut rows = vec![
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
            "npm can hold one registry without a scope; give the others a scope",
        ),
        row(
            KIND,
            json!({"registries": [pip, pip]}),
            "pip can hold one registry; make a second RegistryCredential for the other",
        ),
        row(KIND, json!({"registries": [scoped, scoped]}), "a scope is used twice"),
        row(KIND, with("scope", json!("@acme")), "scope goes with the format npm"),
        row(KIND, with("scope", json!("acme")), "spec.registries[0].scope in body should match"),
        row(KIND, registry(endpoints), "endpoint and endpointType exclude each other"),
        row(
            KIND,
            with("endpoint", json!("http://example.com")),
            "spec.registries[0].endpoint in body should match",
        ),
        row(KIND, with("endpointType", json!("ipv6")), "spec.registries[0].endpointType: Unsupported value"),
        row(
            KIND,
            with("formats", json!([])),
            "spec.registries[0].formats in body should have at least 1 items",
        ),
        row(KIND, with("formats", json!(["pip", "pip"])), "a format is listed twice"),
        row(KIND, with("formats", json!(["rpm"])), "spec.registries[0].formats[0]: Unsupported value"),
        row(KIND, json!({"token": {"duration": "14m"}}), DURATION),
        row(KIND, json!({"token": {"duration": "13h"}}), DURATION),
        row(KIND, json!({"token": {"renewBefore": "59s"}}), "renewBefore must be at least 1m"),
        row(KIND, json!({"token": {"renewBefore": "7h"}}), "renewBefore must be at most half of duration"),
        row(KIND, json!({"secret": {"name": "Login"}}), "spec.secret.name in body should match"),
        row(KIND, json!({"secret": {"labels": {"-a": "b"}}}), "a key of labels is not legal in Kubernetes"),
        row(KIND, json!({"secret": {"labels": {"a": "b c"}}}), "in body should match"),
        row(
            KIND,
            json!({"secret": {"annotations": {"a b": "c"}}}),
            "a key of annotations is not legal in Kubernetes",
        ),
    ];
    for reserved in ["app.kubernetes.io/managed-by", "k8s.io/a", "codeartifact-operator.dev/content"] {
        rows.push(row(KIND, json!({"secret": {"labels": {reserved: "a"}}}), LABELS));
        rows.push(row(KIND, json!({"secret": {"annotations": {reserved: "a"}}}), ANNOTATIONS));
    }
    rows
}

/// A change to the valid object that is stored first, and one that must not follow it.
pub(super) fn on_update() -> Vec<(Value, Row)> {
    const NAME: &str = "name is immutable; make a new object";
    const OWNER: &str = "owner is immutable; make a new object";
    const KEY: &str = "encryptionKey is immutable: AWS fixes it when the domain is created";
    const DOMAIN: &str = "domain is immutable; make a new object";
    const DOMAIN_REF: &str = "domainRef is immutable; make a new object";
    let by_name = json!({"domainRef": null, "domain": {"name": "acme"}});
    let mut rows = vec![
        (json!({}), row("AwsAccount", json!({"accountId": "999999999999"}), "accountId is immutable")),
        (json!({}), row("AwsAccount", json!({"region": "us-east-1"}), "region is immutable")),
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
