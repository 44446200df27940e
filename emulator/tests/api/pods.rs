//! Credentials of a container, as EKS Pod Identity gives them: by the SDK's default chain, and by plain
//! requests.

use crate::identities::allow;
use crate::support::{client_as, control, refused, send, start, try_control, with_domain};
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use codeartifact_emulator::Emulator;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;

const ROLE: &str = "arn:aws:iam::123456789012:role/pod";
const TOKEN: &str = "the-token-of-a-pod";
/// Where the SDK finds the address of the container's credentials. Set, it makes a test the client.
const ADDRESS: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// A pod whose role may be assumed with these actions.
async fn world(actions: Value, policy: Value) -> Arc<Emulator> {
    let emulator = start().await;
    with_domain(&emulator).await;
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "Service": "pods.eks.amazonaws.com" }, "Action": actions,
    }});
    let role = json!({ "roleArn": ROLE, "policy": policy, "trust": trust });
    control(&emulator, "PUT", "/principals", role).await;
    let pod = json!({ "token": TOKEN, "roleArn": ROLE, "clusterName": "prod", "namespace": "team-a" });
    control(&emulator, "PUT", "/pod-identities", pod).await;
    emulator
}

async fn ask(emulator: &Emulator, token: Option<&str>) -> Response<Bytes> {
    let mut request = Request::get("/v1/credentials").header("host", emulator.address().to_string());
    if let Some(token) = token {
        request = request.header("authorization", token);
    }
    send(emulator, request.body(Full::default()).unwrap()).await
}

async fn credentials(emulator: &Emulator) -> (Credentials, Timestamp) {
    let answer = ask(emulator, Some(TOKEN)).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    assert_eq!(text("AccountId"), "123456789012");
    let token = Some(text("Token"));
    let credentials = Credentials::new(text("AccessKeyId"), text("SecretAccessKey"), token, None, "test");
    (credentials, text("Expiration").parse().unwrap())
}

/// The chain reads the environment, so the test runs itself again with one of its own.
#[tokio::test]
async fn the_default_chain_of_the_sdk_signs_in_as_the_pod() {
    if std::env::var_os(ADDRESS).is_some() {
        return sign_in_by_the_environment().await;
    }
    let emulator = world(json!(["sts:AssumeRole", "sts:TagSession"]), allow(&json!("codeartifact:*"))).await;
    let home = tempfile::tempdir().unwrap();
    let token_file = home.path().join("token");
    std::fs::write(&token_file, TOKEN).unwrap();
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pods::the_default_chain_of_the_sdk_signs_in_as_the_pod", "--nocapture"])
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ENDPOINT_URL", emulator.url())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env(ADDRESS, format!("{}/v1/credentials", emulator.url()))
        .env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &token_file)
        .output();
    let child = child.await.unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success() && told.contains("1 passed"),
        "{told}{}",
        String::from_utf8_lossy(&child.stderr)
    );
    let journal = control(&emulator, "GET", "/journal", Value::Null).await.to_string();
    assert!(journal.contains("AssumeRoleForPodIdentity") && journal.contains("DescribeDomain"), "{journal}");
    assert!(!journal.contains(TOKEN));
}

async fn sign_in_by_the_environment() {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).load().await;
    let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
    let arn = identity.arn().unwrap();
    assert!(arn.starts_with("arn:aws:sts::123456789012:assumed-role/pod/eks-prod-pod-"), "{arn}");
    let client = aws_sdk_codeartifact::Client::new(&config);
    client.describe_domain().domain("acme").send().await.unwrap();
}

#[tokio::test]
async fn sessions_of_pods_are_tagged_and_end_after_six_hours() {
    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "codeartifact:*", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/kubernetes-namespace": "team-a" } },
    }});
    let emulator = world(json!(["sts:AssumeRole", "sts:TagSession"]), policy).await;
    let (credentials, expires) = credentials(&emulator).await;
    let life = expires.duration_since(emulator.now()).as_secs();
    assert!((21_590..=21_600).contains(&life), "{life}");
    let client = client_as(&emulator, credentials);
    client.describe_domain().domain("acme").send().await.unwrap();
    emulator.advance(SignedDuration::from_hours(6));
    refused(client.list_domains().send().await, 403, "ExpiredTokenException");
}

#[tokio::test]
async fn pods_without_a_token_or_a_trusting_role_get_nothing() {
    let emulator = world(json!("sts:AssumeRole"), allow(&json!("*"))).await;
    for (token, status, code) in [
        (None, 400, "InvalidRequestException"),
        (Some("unknown"), 400, "InvalidTokenException"),
        (Some(TOKEN), 403, "AccessDeniedException"),
    ] {
        let answer = ask(&emulator, token).await;
        assert_eq!(answer.status(), status, "{token:?}");
        assert_eq!(answer.headers()["x-amzn-errortype"], code, "{token:?}");
    }
    for body in [
        json!({ "token": "", "roleArn": ROLE }),
        json!({ "token": "x", "roleArn": "arn:aws:iam::123456789012:user/x" }),
        json!({ "roleArn": ROLE }),
    ] {
        let (status, _) = try_control(&emulator, "PUT", "/pod-identities", body.clone()).await;
        assert_eq!(status, 400, "{body}");
    }
    let nowhere = json!({ "token": "x", "roleArn": "arn:aws:iam::123456789012:role/nowhere" });
    let (status, answer) = try_control(&emulator, "PUT", "/pod-identities", nowhere).await;
    assert_eq!(status, 404);
    assert!(answer["error"].as_str().unwrap().contains("role/nowhere"), "{answer}");
}

#[tokio::test]
async fn pods_are_shown_without_their_tokens_and_deleted_by_their_role() {
    let emulator = world(json!(["sts:AssumeRole", "sts:TagSession"]), allow(&json!("*"))).await;
    let show = async || control(&emulator, "GET", "/pod-identities", Value::Null).await;
    let expected = json!([{
        "roleArn": ROLE, "clusterName": "prod", "namespace": "team-a", "serviceAccount": "default", "podName": "pod",
    }]);
    assert_eq!(show().await, expected);
    credentials(&emulator).await;
    control(&emulator, "DELETE", &format!("/pod-identities?roleArn={ROLE}"), Value::Null).await;
    assert_eq!(show().await, json!([]));
    assert_eq!(ask(&emulator, Some(TOKEN)).await.headers()["x-amzn-errortype"], "InvalidTokenException");
}
