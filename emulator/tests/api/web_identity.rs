//! `AssumeRoleWithWebIdentity`: JWTs of a registered provider, and conditions on what they say.

use crate::identities::{allow, session};
use crate::support::{ACCOUNT, admin, client_as, control, refused, start, sts_as, try_control, with_domain};
use aws_sdk_sts::operation::assume_role_with_web_identity::builders::AssumeRoleWithWebIdentityFluentBuilder;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use codeartifact_emulator::Emulator;
use jiff::SignedDuration;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use std::sync::Arc;

const ISSUER: &str = "https://issuer.example/cluster";
const AUDIENCE: &str = "sts.amazonaws.com";
const SUBJECT: &str = "system:serviceaccount:team:builder";
const ROLE: &str = "arn:aws:iam::123456789012:role/pod";
/// A token that was signed once, and its public key; it is good until the year 2100.
const RSA: &str = include_str!("rs256.json");

struct Key(EcdsaKeyPair);

impl Key {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        Self(pair.unwrap())
    }

    fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        let [x, y] = [x, y].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
        json!({ "kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "use": "sig", "x": x, "y": y })
    }

    fn sign(&self, claims: &Value) -> String {
        self.sign_as(&json!({ "alg": "ES256", "kid": "ec", "typ": "JWT" }), claims)
    }

    fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let message = format!("{header}.{claims}");
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

/// JWTs go by the time of the machine.
fn now() -> i64 {
    jsonwebtoken::get_current_timestamp().cast_signed()
}

/// Claims as a cluster makes them, with changes.
fn claims(changes: &Value) -> Value {
    let now = now();
    let mut claims = json!({
        "iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "iat": now, "nbf": now, "exp": now + 3_600,
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    claims
}

/// An emulator that knows the issuer, and a role for its builders.
async fn world(keys: Value) -> Arc<Emulator> {
    let emulator = start().await;
    with_domain(&emulator).await;
    let provider = json!({ "issuer": ISSUER, "audiences": [AUDIENCE], "jwks": { "keys": keys } });
    control(&emulator, "PUT", "/oidc-providers", provider).await;
    let provider = "arn:aws:iam::123456789012:oidc-provider/issuer.example/cluster";
    let shown = control(&emulator, "GET", "/oidc-providers", Value::Null).await;
    assert_eq!(shown[0]["arn"], provider);
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "Federated": provider },
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": {
            "StringEquals": { "issuer.example/cluster:aud": AUDIENCE },
            "StringLike": { "issuer.example/cluster:sub": "system:serviceaccount:team:*" },
        },
    }});
    let role = json!({ "roleArn": ROLE, "policy": allow(&json!("codeartifact:*")), "trust": trust });
    control(&emulator, "PUT", "/principals", role).await;
    emulator
}

fn assume(emulator: &Arc<Emulator>, token: &str) -> AssumeRoleWithWebIdentityFluentBuilder {
    let assume = sts_as(emulator, admin()).assume_role_with_web_identity();
    assume.role_arn(ROLE).role_session_name("pod").web_identity_token(token)
}

#[tokio::test]
async fn a_token_of_a_known_provider_opens_a_session() {
    let key = Key::new();
    let emulator = world(json!([key.jwk()])).await;
    let token = key.sign(&claims(&json!({ "aud": ["other", AUDIENCE] })));
    let assumed = assume(&emulator, &token).duration_seconds(900).send().await.unwrap();
    assert_eq!(assumed.subject_from_web_identity_token(), Some(SUBJECT));
    assert_eq!(assumed.audience(), Some(AUDIENCE));
    assert_eq!(assumed.provider(), Some(ISSUER));
    let user = assumed.assumed_role_user().unwrap();
    assert_eq!(user.arn(), "arn:aws:sts::123456789012:assumed-role/pod/pod");
    let client = client_as(&emulator, session(assumed.credentials().unwrap()));
    client.describe_domain().domain("acme").send().await.unwrap();

    emulator.advance(SignedDuration::from_secs(901));
    refused(client.list_domains().send().await, 403, "ExpiredTokenException");
    emulator.advance(SignedDuration::from_hours(24));
    assume(&emulator, &token).send().await.unwrap();
    let journal = control(&emulator, "GET", "/journal", Value::Null).await.to_string();
    assert!(journal.contains("AssumeRoleWithWebIdentity") && !journal.contains(&token));
}

#[tokio::test]
async fn rsa_signatures_are_verified_too() {
    let rsa: Value = serde_json::from_str(RSA).unwrap();
    let token = rsa["token"].as_str().unwrap();
    let emulator = world(json!([rsa["jwk"], Key::new().jwk()])).await;
    assume(&emulator, token).send().await.unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", signature.chars().rev().collect::<String>());
    refused(assume(&emulator, &forged).send().await, 400, "InvalidIdentityToken");
}

#[tokio::test]
async fn tokens_that_prove_nothing_are_refused() {
    let key = Key::new();
    let emulator = world(json!([key.jwk()])).await;
    let past = now() - 60;
    let with = |changes: Value| key.sign(&claims(&changes));
    for (token, code, part) in [
        ("not.a.jwt".to_owned(), "InvalidIdentityToken", "not a valid JWT"),
        ("nothing".into(), "InvalidIdentityToken", "not a valid JWT"),
        (Key::new().sign(&claims(&json!({}))), "InvalidIdentityToken", "signature"),
        (with(json!({ "exp": past })), "ExpiredTokenException", "expired"),
        (with(json!({ "exp": null })), "InvalidIdentityToken", "not a valid JWT"),
        (with(json!({ "sub": null })), "InvalidIdentityToken", "not a valid JWT"),
        (with(json!({ "nbf": past + 3_600 })), "InvalidIdentityToken", "not a valid JWT"),
        (with(json!({ "aud": "other" })), "InvalidIdentityToken", "audience"),
        (with(json!({ "azp": "other" })), "InvalidIdentityToken", "audience"),
        (
            with(json!({ "iss": "https://other.example" })),
            "InvalidIdentityToken",
            "No OpenIDConnect provider",
        ),
        (
            key.sign_as(&json!({ "alg": "ES256", "kid": "unknown" }), &claims(&json!({}))),
            "InvalidIdentityToken",
            "verification key",
        ),
        (
            key.sign_as(&json!({ "alg": "none" }), &claims(&json!({}))),
            "InvalidIdentityToken",
            "not a valid JWT",
        ),
        (
            key.sign_as(&json!({ "alg": "HS256", "kid": "ec" }), &claims(&json!({}))),
            "InvalidIdentityToken",
            "not a valid JWT",
        ),
    ] {
        let message = refused(assume(&emulator, &token).send().await, 400, code);
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[tokio::test]
async fn the_trust_policy_decides_who_of_the_providers_people_may() {
    let key = Key::new();
    let emulator = world(json!([key.jwk()])).await;
    let token = |changes: Value| key.sign(&claims(&changes));
    let stranger = token(json!({ "sub": "system:serviceaccount:other:builder" }));
    let message = refused(assume(&emulator, &stranger).send().await, 403, "AccessDenied");
    assert_eq!(message, "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    let good = token(json!({}));
    let absent = assume(&emulator, &good).role_arn("arn:aws:iam::123456789012:role/none");
    refused(absent.send().await, 403, "AccessDenied");
    control(&emulator, "PUT", "/principals", json!({ "roleArn": "arn:aws:iam::123456789012:role/plain" }))
        .await;
    let untrusting = assume(&emulator, &good).role_arn("arn:aws:iam::123456789012:role/plain");
    refused(untrusting.send().await, 403, "AccessDenied");
    let provider =
        assume(&emulator, &good).role_arn("arn:aws:iam::123456789012:oidc-provider/issuer.example");
    let message = refused(provider.send().await, 400, "ValidationError");
    assert_eq!(message, "Request ARN is invalid");
    let elsewhere = assume(&emulator, &good).role_arn("arn:aws:iam::444455556666:role/pod");
    refused(elsewhere.send().await, 400, "InvalidIdentityToken");

    let tagged = token(json!({
        "https://aws.amazon.com/tags": {
            "principal_tags": { "team": ["blue"] }, "transitive_tag_keys": ["team"],
        },
    }));
    let assumed = assume(&emulator, &tagged).send().await.unwrap();
    let client = client_as(&emulator, session(assumed.credentials().unwrap()));
    for (team, expected) in [("blue", true), ("red", false)] {
        let policy = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": { "StringEquals": { "aws:PrincipalTag/team": team } },
        }});
        control(&emulator, "PUT", "/principals", json!({ "roleArn": ROLE, "policy": policy })).await;
        assert_eq!(client.list_domains().send().await.is_ok(), expected, "{team}");
    }
    let sourced = token(json!({ "https://aws.amazon.com/source_identity": "ann" }));
    refused(assume(&emulator, &sourced).send().await, 403, "AccessDenied");
}

#[tokio::test]
async fn tags_count_only_when_the_provider_says_them() {
    let key = Key::new();
    let emulator = world(json!([key.jwk()])).await;
    let provider = "arn:aws:iam::123456789012:oidc-provider/issuer.example/cluster";
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "Federated": provider },
        "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"],
        "Condition": { "StringEquals": { "aws:RequestTag/team": "blue" } },
    }});
    control(&emulator, "PUT", "/principals", json!({ "roleArn": ROLE, "trust": trust })).await;
    let ask = async |token: String| {
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", ROLE),
            ("RoleSessionName", "pod"),
            ("Tags.member.1.Key", "team"),
            ("Tags.member.1.Value", "blue"),
            ("WebIdentityToken", token.as_str()),
        ];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = http::Request::post("/").header("host", emulator.address().to_string());
        let request = request.body(http_body_util::Full::new(body.into())).unwrap();
        crate::support::send(&emulator, request).await.status().as_u16()
    };
    assert_eq!(ask(key.sign(&claims(&json!({})))).await, 403);
    let tags = json!({ "principal_tags": { "team": ["blue"] } });
    assert_eq!(ask(key.sign(&claims(&json!({ "https://aws.amazon.com/tags": tags })))).await, 200);
}

#[tokio::test]
async fn providers_that_make_no_sense_are_refused() {
    let emulator = start().await;
    let keys = json!({ "keys": [] });
    for body in [
        json!({ "issuer": "issuer.example", "audiences": [], "jwks": keys }),
        json!({ "issuer": ISSUER, "audiences": [], "jwks": {} }),
        json!({ "issuer": ISSUER, "audiences": [], "jwks": keys, "accountId": "1" }),
        json!({ "issuer": ISSUER, "jwks": keys }),
    ] {
        let (status, _) = try_control(&emulator, "PUT", "/oidc-providers", body.clone()).await;
        assert_eq!(status, 400, "{body}");
    }
    let provider = json!({ "issuer": ISSUER, "audiences": [AUDIENCE], "jwks": keys, "accountId": ACCOUNT });
    control(&emulator, "PUT", "/oidc-providers", provider).await;
    let refusal = assume(&emulator, &Key::new().sign(&claims(&json!({})))).send().await;
    let message = refused(refusal, 400, "InvalidIdentityToken");
    assert!(message.contains("verification key"), "{message}");
    let arn = "arn:aws:iam::123456789012:oidc-provider/issuer.example/cluster";
    control(&emulator, "DELETE", &format!("/oidc-providers?arn={arn}"), Value::Null).await;
    assert_eq!(control(&emulator, "GET", "/oidc-providers", Value::Null).await, json!([]));
    let refusal = assume(&emulator, &Key::new().sign(&claims(&json!({})))).send().await;
    let message = refused(refusal, 400, "InvalidIdentityToken");
    assert!(message.contains("No OpenIDConnect provider found"), "{message}");
}
