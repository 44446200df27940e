//! Who is let in: signatures, access keys, policies.

use crate::support::{ACCOUNT, admin, client, client_as, control, refused, send, start, with_domain};
use aws_credential_types::Credentials;
use aws_sdk_codeartifact::config::Region;
use http::Request;
use http_body_util::Full;
use jiff::SignedDuration;
use serde_json::{Value, json};

fn key(id: &str, secret: &str) -> Credentials {
    Credentials::new(id, secret, None, None, "test")
}

#[tokio::test]
async fn wrong_keys_and_secrets_are_refused() {
    let emulator = start().await;
    let stranger = client_as(&emulator, key("stranger", "test"));
    refused(stranger.list_domains().send().await, 403, "UnrecognizedClientException");
    let liar = client_as(&emulator, key("test", "wrong"));
    refused(liar.list_domains().send().await, 403, "InvalidSignatureException");
    let token = Credentials::new("test", "test", Some("token".into()), None, "test");
    let odd = client_as(&emulator, token);
    refused(odd.list_domains().send().await, 403, "UnrecognizedClientException");
    let journal = emulator.journal(0);
    assert_eq!(journal[1].error.as_deref(), Some("InvalidSignatureException"));
    assert_eq!(journal[1].principal.as_deref(), Some("arn:aws:iam::123456789012:user/admin"));
}

#[tokio::test]
async fn a_signature_for_another_region_is_refused() {
    let emulator = start().await;
    let config = client(&emulator).config().to_builder().region(Region::new("eu-west-1"));
    let elsewhere = aws_sdk_codeartifact::Client::from_conf(config.build());
    let message = refused(elsewhere.list_domains().send().await, 403, "InvalidSignatureException");
    assert!(message.contains("'eu-west-1', but 'us-east-1'"), "{message}");
}

#[tokio::test]
async fn an_old_signature_is_refused() {
    let emulator = start().await;
    // A client's clock stays behind when the emulator's moves. Each call needs a new client,
    // since one that was answered corrects its clock by the Date header.
    let list = || {
        let config = client(&emulator).config().to_builder();
        let config = config.time_source(aws_smithy_async::time::SystemTimeSource::new()).build();
        aws_sdk_codeartifact::Client::from_conf(config).list_domains().send()
    };
    emulator.advance(SignedDuration::from_mins(4));
    list().await.unwrap();
    emulator.advance(SignedDuration::from_mins(2));
    refused(list().await, 403, "InvalidSignatureException");
}

#[tokio::test]
async fn unsigned_and_unknown_requests_are_refused() {
    let emulator = start().await;
    for (path, status, code) in [
        ("/v1/domain?domain=acme", 403, "MissingAuthenticationTokenException"),
        ("/v1/bogus", 404, "UnknownOperationException"),
        ("/bogus", 404, "UnknownOperationException"),
    ] {
        let request =
            Request::get(path).header("host", emulator.address().to_string()).body(Full::default()).unwrap();
        let response = send(&emulator, request).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["x-amzn-errortype"], code, "{path}");
        assert!(response.headers().contains_key("x-amzn-requestid"));
        assert!(response.headers().contains_key("date"));
    }
}

#[tokio::test]
async fn names_with_every_legal_character_keep_their_signature() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let named = || client.create_repository().domain("acme").repository("a.b_c-D");
    named().description("+ %2B & = é ~ '*'").send().await.unwrap();
    let arn = "arn:aws:codeartifact:us-east-1:123456789012:repository/acme/a.b_c-D";
    client.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
}

#[tokio::test]
async fn a_policy_denies_until_it_allows() {
    let emulator = start().await;
    with_domain(&emulator).await;
    let put = |policy: Value| {
        let body = json!({
            "accessKeyId": "builder", "secretAccessKey": "secret",
            "arn": format!("arn:aws:iam::{ACCOUNT}:user/builder"), "policy": policy,
        });
        control(&emulator, "PUT", "/principals", body)
    };
    let statement = |actions: Value| {
        json!({ "Statement": [
            { "Effect": "Allow", "Action": actions, "Resource": "arn:*:domain/acme" },
        ]})
    };
    put(statement(json!("codeartifact:Describe*"))).await;
    let builder = client_as(&emulator, key("builder", "secret"));
    builder.describe_domain().domain("acme").send().await.unwrap();
    let mint = || builder.get_authorization_token().domain("acme").send();
    let message = refused(mint().await, 403, "AccessDeniedException");
    for part in ["user/builder", "codeartifact:GetAuthorizationToken", ":domain/acme"] {
        assert!(message.contains(part), "{message}");
    }
    put(statement(json!(["codeartifact:GetAuthorizationToken"]))).await;
    let message = refused(mint().await, 403, "AccessDeniedException");
    assert!(message.contains("sts:GetServiceBearerToken"), "{message}");
    put(json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } })).await;
    mint().await.unwrap();
    let bad = json!({ "arn": "bogus" });
    let (status, _) = crate::support::try_control(&emulator, "PUT", "/principals", bad).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn attaching_an_upstream_needs_its_own_permission() {
    let emulator = start().await;
    let admin = client_as(&emulator, admin());
    admin.create_domain().domain("acme").send().await.unwrap();
    crate::support::create(&admin, "store").await;
    let body = json!({
        "accessKeyId": "builder", "secretAccessKey": "secret",
        "arn": format!("arn:aws:iam::{ACCOUNT}:user/builder"),
        "policy": { "Statement": [{
            "Effect": "Allow", "Resource": "*",
            "Action": ["codeartifact:CreateRepository"],
        }]},
    });
    control(&emulator, "PUT", "/principals", body).await;
    let builder = client_as(&emulator, key("builder", "secret"));
    let upstream = aws_sdk_codeartifact::types::UpstreamRepository::builder();
    let upstream = upstream.repository_name("store").build().unwrap();
    let create = || builder.create_repository().domain("acme").repository("team");
    let message = refused(create().upstreams(upstream).send().await, 403, "AccessDeniedException");
    assert!(message.contains("AssociateWithDownstreamRepository"), "{message}");
    create().send().await.unwrap();
}
