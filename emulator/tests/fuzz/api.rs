//! Requests to the API: every route, with every member that any operation has. What an operation does
//! not know it ignores, so one vocabulary serves all of them.

use crate::request::{Request, mutate, odd, pick, plausible};
use crate::world::World;
use serde_json::{Map, Value, json};

/// Of each operation.
#[rustfmt::skip]
const ROUTES: &[(&str, &str)] = &[
    ("POST", "repository/external-connection"),
    ("POST", "package/versions/copy"),
    ("POST", "domain"),
    ("POST", "package-group"),
    ("POST", "repository"),
    ("DELETE", "domain"),
    ("DELETE", "domain/permissions/policy"),
    ("DELETE", "package"),
    ("DELETE", "package-group"),
    ("POST", "package/versions/delete"),
    ("DELETE", "repository"),
    ("DELETE", "repository/permissions/policies"),
    ("GET", "domain"),
    ("GET", "package"),
    ("GET", "package-group"),
    ("GET", "package/version"),
    ("GET", "repository"),
    ("DELETE", "repository/external-connection"),
    ("POST", "package/versions/dispose"),
    ("GET", "get-associated-package-group"),
    ("POST", "authorization-token"),
    ("GET", "domain/permissions/policy"),
    ("GET", "package/version/asset"),
    ("GET", "package/version/readme"),
    ("GET", "repository/endpoint"),
    ("GET", "repository/permissions/policy"),
    ("GET", "package-group-allowed-repositories"),
    ("GET", "list-associated-packages"),
    ("POST", "domains"),
    ("POST", "package-groups"),
    ("POST", "package/version/assets"),
    ("POST", "package/version/dependencies"),
    ("POST", "package/versions"),
    ("POST", "packages"),
    ("POST", "repositories"),
    ("POST", "domain/repositories"),
    ("POST", "package-groups/sub-groups"),
    ("POST", "tags"),
    ("POST", "package/version/publish"),
    ("PUT", "domain/permissions/policy"),
    ("POST", "package"),
    ("PUT", "repository/permissions/policy"),
    ("POST", "tag"),
    ("POST", "untag"),
    ("PUT", "package-group"),
    ("PUT", "package-group-origin-configuration"),
    ("POST", "package/versions/update_status"),
    ("PUT", "repository"),
];

const FORMATS: &[&str] = &["npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo"];
const REPOSITORIES: &[&str] = &["team", "team", "store", "other"];
const NAMES: &[&str] = &["left-pad", "left-pad", "widgets", "Wid_gets"];
const VERSIONS: &[&str] = &["1.0.0", "1.0.0", "2.0.0"];
const STATUSES: &[&str] = &["Published", "Unfinished", "Unlisted", "Archived", "Disposed", "Deleted"];
const PATTERNS: &[&str] =
    &["/*", "/npm/*", "/npm/acme~", "/npm//left-pad$", "/npm/acme/left-pad$", "/generic/a~"];
const ARNS: &[&str] = &[
    "arn:aws:codeartifact:us-east-1:123456789012:domain/acme",
    "arn:aws:codeartifact:us-east-1:123456789012:repository/acme/team",
    "arn:aws:codeartifact:us-east-1:123456789012:package-group/acme/npm/%2a",
];

/// Query members with what they may be; those that requests mostly need come more often.
const COMMON: &[(&str, &[&str])] = &[
    ("domain", &["acme", "acme", "acme", "acme", "second"]),
    ("repository", REPOSITORIES),
    ("format", FORMATS),
    ("package", NAMES),
    ("version", VERSIONS),
    ("asset", &["a.bin", "b.bin"]),
    ("source-repository", REPOSITORIES),
    ("destination-repository", REPOSITORIES),
    ("external-connection", &["public:npmjs", "public:pypi"]),
    ("package-group", PATTERNS),
    ("resourceArn", ARNS),
    ("originRestrictionType", &["EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM", "PUBLISH"]),
];

const RARE: &[(&str, &[&str])] = &[
    ("domain-owner", &["123456789012", "210987654321"]),
    ("namespace", &["acme"]),
    ("max-results", &["1", "3", "1000"]),
    ("next-token", &["abc"]),
    ("duration", &["0", "900", "43200"]),
    ("status", STATUSES),
    ("sortBy", &["PUBLISHED_TIME"]),
    ("originType", &["INTERNAL", "EXTERNAL", "UNKNOWN"]),
    ("endpointType", &["ipv4", "dualstack"]),
    ("administrator-account", &["123456789012"]),
    ("repository-prefix", &["te"]),
    ("package-prefix", &["le"]),
    ("prefix", &["/npm"]),
    ("publish", &["ALLOW", "BLOCK"]),
    ("upstream", &["ALLOW", "BLOCK"]),
    ("preview", &["true", "false"]),
    ("unfinished", &["true", "false"]),
    ("revision", &["abc"]),
    ("policy-revision", &["abc"]),
];

pub(crate) fn request(world: &World<'_>, chance: &mut fastrand::Rng) -> Request {
    let &(method, path) = &ROUTES[chance.usize(..ROUTES.len())];
    let (method, path) = match chance.u8(0..60) {
        0 => (pick(chance, &["PATCH", "HEAD", "OPTIONS", "GET"]), path),
        1 => (method, pick(chance, &["", "domain/", "nothing", "package/version/x"])),
        _ => (method, path),
    };
    let target = format!("/v1/{path}?{}", query(chance));
    let mut body = body(chance).to_string().into_bytes();
    if chance.u8(0..12) == 0 {
        mutate(&mut body, chance);
    }
    let hash = "6ec7a6b2aa3d8a4c9b1d0c7b7e5d0d3f8d2f4a2f0f2c9e4b8a0a1b2c3d4e5f60";
    let headers: &[(&str, &str)] = if chance.bool() { &[] } else { &[("x-amz-content-sha256", hash)] };
    match chance.u8(0..30) {
        0 => Request::new(method, &target, &[("host", "fuzz")], &body),
        1 => Request::new(
            method,
            &target,
            &[("host", "fuzz"), ("authorization", &authorization(chance))],
            &body,
        ),
        _ => world.signed("codeartifact", (method, &target), headers, &body),
    }
}

fn query(chance: &mut fastrand::Rng) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, values) in COMMON {
        if chance.u8(0..25) > 0 {
            query.append_pair(name, &plausible(chance, values));
        }
    }
    for (name, values) in RARE {
        if chance.u8(0..8) == 0 {
            query.append_pair(name, &plausible(chance, values));
        }
    }
    query.finish()
}

fn authorization(chance: &mut fastrand::Rng) -> String {
    let text = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/codeartifact/aws4_request, \
                SignedHeaders=host;x-amz-date, Signature=0123456789abcdef";
    let mut bytes = text.as_bytes().to_vec();
    mutate(&mut bytes, chance);
    String::from_utf8_lossy(&bytes).chars().filter(|one| one.is_ascii_graphic() || *one == ' ').collect()
}

fn body(chance: &mut fastrand::Rng) -> Value {
    let mut members = Map::new();
    for (name, make) in BODY {
        if chance.u8(0..3) > 0 {
            let value = if chance.u8(0..50) == 0 { unexpected(chance) } else { make(chance) };
            members.insert((*name).to_owned(), value);
        }
    }
    if chance.u8(0..60) == 0 { unexpected(chance) } else { members.into() }
}

type Make = fn(&mut fastrand::Rng) -> Value;

const BODY: &[(&str, Make)] = &[
    ("description", |chance| plausible(chance, &["A team's", ""]).into()),
    ("contactInfo", |chance| plausible(chance, &["team@example.com"]).into()),
    ("upstreams", |chance| {
        list(chance, |chance| json!({ "repositoryName": plausible(chance, REPOSITORIES) }))
    }),
    ("tags", |chance| {
        list(
            chance,
            |chance| json!({ "key": plausible(chance, &["a", "b", "aws:c"]), "value": plausible(chance, &["x", ""]) }),
        )
    }),
    ("tagKeys", |chance| list(chance, |chance| plausible(chance, &["a", "b"]).into())),
    ("packageGroup", |chance| plausible(chance, PATTERNS).into()),
    ("domain", |chance| plausible(chance, &["acme"]).into()),
    ("policyDocument", |chance| policy(chance).into()),
    ("policyRevision", |chance| plausible(chance, &["abc"]).into()),
    ("versions", |chance| list(chance, |chance| plausible(chance, VERSIONS).into())),
    ("versionRevisions", |chance| json!({ plausible(chance, VERSIONS): plausible(chance, &["abc"]) })),
    ("expectedStatus", |chance| plausible(chance, STATUSES).into()),
    ("targetStatus", |chance| plausible(chance, STATUSES).into()),
    ("allowOverwrite", |chance| chance.bool().into()),
    ("includeFromUpstream", |chance| chance.bool().into()),
    ("restrictions", restrictions),
    ("addAllowedRepositories", allowed),
    ("removeAllowedRepositories", allowed),
    ("maxResults", |chance| chance.i32(-1..5).into()),
    ("nextToken", |chance| plausible(chance, &["abc"]).into()),
    ("encryptionKey", |chance| plausible(chance, &["alias/team"]).into()),
];

fn list(chance: &mut fastrand::Rng, make: Make) -> Value {
    (0..chance.usize(0..4)).map(|_| make(chance)).collect()
}

fn restrictions(chance: &mut fastrand::Rng) -> Value {
    if chance.bool() {
        let word = |chance: &mut fastrand::Rng| plausible(chance, &["ALLOW", "BLOCK"]);
        return json!({ "publish": word(chance), "upstream": word(chance) });
    }
    let modes = &["ALLOW", "ALLOW_SPECIFIC_REPOSITORIES", "BLOCK", "INHERIT"];
    json!({ "PUBLISH": plausible(chance, modes), "EXTERNAL_UPSTREAM": plausible(chance, modes) })
}

fn allowed(chance: &mut fastrand::Rng) -> Value {
    list(
        chance,
        |chance| json!({ "repositoryName": plausible(chance, REPOSITORIES), "originRestrictionType": "PUBLISH" }),
    )
}

fn policy(chance: &mut fastrand::Rng) -> String {
    let text = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": plausible(chance, &["Allow", "Deny"]),
            "Principal": { "AWS": plausible(chance, &["*", "123456789012", "arn:aws:iam::210987654321:root"]) },
            "Action": plausible(chance, &["codeartifact:*", "codeartifact:ReadFromRepository"]),
            "Resource": "*",
        }],
    });
    let mut text = text.to_string();
    if chance.u8(0..6) == 0 {
        let mut bytes = text.into_bytes();
        mutate(&mut bytes, chance);
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    text
}

/// A value of a shape that the member does not have.
fn unexpected(chance: &mut fastrand::Rng) -> Value {
    match chance.u8(0..8) {
        0 => Value::Null,
        1 => chance.bool().into(),
        2 => chance.i64(..).into(),
        3 => json!(chance.f64() * 1e300),
        4 => json!([[], {}, null, 1]),
        5 => (0..chance.usize(0..200)).fold(Value::Null, |inner, _| json!([inner])),
        6 => json!({ odd(chance): { odd(chance): odd(chance) } }),
        _ => odd(chance).into(),
    }
}
