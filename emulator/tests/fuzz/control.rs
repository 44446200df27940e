//! Requests to the control routes. No fault that they may set up makes another request fail with 5xx, or
//! wait.

use crate::request::{Request, mutate, pick};

const ROUTES: &[&str] = &[
    "health",
    "clock",
    "clock?after=",
    "clock?after=x",
    "journal?since=4000000000",
    "journal?since=-1",
    "journal?since=4000000000&format=text",
    "journal?format=xml&since=4000000000",
    "faults",
    "faults",
    "principals",
    "principals",
    "principals?arn=arn:aws:iam::123456789012:user/other",
    "principals?arn=x&x=y",
    "oidc-providers",
    "oidc-providers",
    "pod-identities",
    "pod-identities",
    "seed",
    "seed",
    "keys",
    "keys",
    "keys?arn=arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "events?since=4000000000",
    "events?since=x",
    "nothing",
    "",
];

/// Who acts for the other requests is not among them.
const DELETED: &[&str] = &[
    "principals?arn=arn:aws:iam::123456789012:user/other",
    "principals?arn=arn:aws:iam::123456789012:role/team",
    "principals?arn=x",
    "principals",
    "faults",
    "journal?since=1",
    "oidc-providers",
    "pod-identities",
    "keys?arn=arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "keys",
    "events",
];

const METHODS: &[&str] = &["GET", "PUT", "POST", "PUT", "POST", "PATCH", "HEAD"];

const BODIES: &[&str] = &[
    r#"{"advance":"0s"}"#,
    r#"{"advance":"P9Y"}"#,
    r#"{"set":"nowhen"}"#,
    r#"[{"match":{"domain":"none"},"fault":{"error":"ThrottlingException","retryAfter":3},"times":1}]"#,
    r#"{"seed":7,"faults":[{"match":{"domain":"none"},"fault":{"error":"ConflictException","resourceId":"x"},"probability":0.5}]}"#,
    r#"{"accessKeyId":"other","secretAccessKey":"secret","arn":"arn:aws:iam::123456789012:user/other"}"#,
    r#"{"roleArn":"arn:aws:iam::123456789012:role/team","externalId":"id"}"#,
    r#"{"arn":"arn:aws:iam::123456789012:role/team","policy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}}"#,
    r#"{"issuer":"https://issuer.example","audiences":["sts.amazonaws.com"],"jwks":{"keys":[]},"accountId":"123456789012"}"#,
    r#"{"token":"pod","roleArn":"arn:aws:iam::123456789012:role/team","clusterName":"c","namespace":"n","serviceAccount":"s","podName":"p"}"#,
    r#"{"connection":"public:npmjs","packages":[{"name":"@acme/widgets","version":"1.0.0"}]}"#,
    r#"{"connection":"public:pypi","packages":[{"name":"widgets","version":"1.0.0","content":"UEsDBA==","filename":"widgets-1.0.0-py3-none-any.whl"}]}"#,
    r#"{"connection":"public:npmjs","packages":[{"name":"widgets","version":"1.0.0","content":"H4sIAAAA"}]}"#,
    r#"{"connection":"public:npmjs","packages":[{"name":"@acme/widgets","version":"1.0.0","removed":true}]}"#,
    r#"{"connection":"public:pypi","packages":[{"name":"widgets","version":"1.0.0"},{"name":"widgets","version":"1.0.0","yanked":"bad"},{"name":"widgets","removed":true}]}"#,
    r#"{"key":"1234abcd-12ab-34cd-56ef-1234567890ab","aliases":["alias/team"]}"#,
    r#"[{"match":{"operation":"PypiGetFile","domain":"none"},"fault":{"notYetImported":"2s"}}]"#,
    "",
];

pub(crate) fn request(chance: &mut fastrand::Rng) -> Request {
    let mut body = pick(chance, BODIES).as_bytes().to_vec();
    if chance.u8(0..3) > 0 {
        mutate(&mut body, chance);
    }
    // Rarely all goes; what is needed comes back with the next round.
    let (method, route) = match chance.u16(0..4_000) {
        0 => ("POST", "reset"),
        1..100 => ("DELETE", pick(chance, DELETED)),
        _ => (pick(chance, METHODS), pick(chance, ROUTES)),
    };
    Request::new(method, &format!("/_emulator/{route}"), &[("host", "fuzz")], &body)
}
