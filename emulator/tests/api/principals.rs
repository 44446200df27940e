//! The control route of principals: what it takes, what it refuses, and what it shows.

use crate::identities::{OTHER, allow, key, user};
use crate::support::{ACCOUNT, admin, client, control, refused, start, sts_as, try_control};
use serde_json::{Value, json};

const ADMINISTRATOR: &str = "arn:aws:iam::123456789012:user/admin";
const USER: &str = "arn:aws:iam::123456789012:user/x";
const ROLE: &str = "arn:aws:iam::123456789012:role/ci/builder";

#[tokio::test]
async fn principals_that_make_no_sense_are_refused() {
    let emulator = start().await;
    let trust = json!({ "Statement": {
        "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "sts:AssumeRole",
    }});
    let of_the_gone = json!({ "Statement": {
        "Effect": "Allow", "Principal": { "AWS": "AIDA0123456789ABCDEF0" }, "Action": "sts:AssumeRole",
    }});
    let long = "x".repeat(129);
    for (body, part) in [
        (json!([]), "must be an object of JSON"),
        (json!([null, null, USER]), "must be an object of JSON"),
        (json!({ "arn": "arn:aws:iam::123456789012:group/all" }), "group/all"),
        (json!({ "policy": allow(&json!("*")) }), "one of arn and roleArn"),
        (json!({ "arn": USER, "roleArn": ROLE }), "one of arn and roleArn"),
        (json!({ "arn": "arn:aws:iam::123456789012:user/a b" }), "user/a b"),
        (json!({ "arn": "arn:aws:iam::123456789012:user/a\nb" }), "user/a"),
        (json!({ "arn": "arn:aws:iam::123456789012:user/a b/c" }), "user/a b/c"),
        (json!({ "arn": "arn:aws:iam::123456789012:user/a/" }), "user/a/"),
        (json!({ "arn": "arn:aws:iam::123456789012:role/a\u{7f}" }), "role/a"),
        (json!({ "roleArn": USER }), "is not the ARN of a role"),
        (json!({ "arn": USER, "accessKeyId": "x" }), "come together"),
        (json!({ "arn": USER, "accessKeyId": "x", "secretAccessKey": "" }), "secretAccessKey is empty"),
        (json!({ "arn": USER, "accessKeyId": "", "secretAccessKey": "x" }), "accessKeyId"),
        (json!({ "arn": USER, "accessKeyId": "a/b", "secretAccessKey": "x" }), "accessKeyId"),
        (json!({ "arn": USER, "accessKeyId": "a-b", "secretAccessKey": "x" }), "accessKeyId"),
        (json!({ "arn": USER, "accessKeyId": long, "secretAccessKey": "x" }), "accessKeyId"),
        (json!({ "arn": USER, "trust": trust }), "only a role"),
        (json!({ "arn": "arn:aws:iam::123456789012:root", "policy": allow(&json!("*")) }), "root"),
        (json!({ "roleArn": ROLE, "accessKeyId": "x", "secretAccessKey": "x" }), "no access key"),
        (json!({ "roleArn": ROLE, "trust": trust, "externalId": "x1" }), "externalId"),
        (json!({ "roleArn": ROLE, "trust": allow(&json!("*")) }), "policy"),
        (json!({ "roleArn": ROLE, "trust": of_the_gone }), "Invalid principal"),
        (json!({ "roleArn": ROLE, "policy": trust }), "policy"),
        (json!({ "roleArn": ROLE, "maxSessionDuration": 60 }), "maxSessionDuration"),
        (json!({ "roleArn": ROLE, "surplus": 1 }), "surplus"),
    ] {
        let (status, answer) = try_control(&emulator, "PUT", "/principals", body.clone()).await;
        assert_eq!(status, 400, "{body}");
        assert!(answer["error"].as_str().unwrap().contains(part), "{body}: {answer}");
    }
    let there = control(&emulator, "GET", "/principals", Value::Null).await;
    assert_eq!(there.as_array().unwrap().len(), 1, "{there}");
}

#[tokio::test]
async fn an_access_key_stays_with_whom_it_belongs_to() {
    let emulator = start().await;
    control(&emulator, "PUT", "/principals", json!({ "roleArn": ROLE })).await;
    let assume = sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
    let session = assume.send().await.unwrap().credentials.unwrap().access_key_id;
    for (key, owner) in [("test", ADMINISTRATOR), (session.as_str(), ROLE)] {
        let body = json!({ "accessKeyId": key, "secretAccessKey": "new", "arn": USER });
        let (status, answer) = try_control(&emulator, "PUT", "/principals", body).await;
        assert_eq!(status, 409, "{answer}");
        assert!(answer["error"].as_str().unwrap().contains(owner), "{answer}");
    }
    client(&emulator).list_domains().send().await.unwrap();
    let changed = json!({ "accessKeyId": "test", "secretAccessKey": "new", "arn": ADMINISTRATOR });
    control(&emulator, "PUT", "/principals", changed).await;
    refused(client(&emulator).list_domains().send().await, 403, "InvalidSignatureException");
}

#[tokio::test]
async fn what_is_known_of_principals_is_shown_without_secrets_and_sessions() {
    let emulator = start().await;
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "arn:aws:iam::123456789012:root" }, "Action": "sts:AssumeRole",
    }]});
    let role = json!({ "roleArn": ROLE, "trust": trust, "tags": { "team": "blue" } });
    control(&emulator, "PUT", "/principals", role).await;
    let assume = sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
    assume.send().await.unwrap();
    let policy = allow(&json!("codeartifact:*"));
    user(&emulator, OTHER, "bob", policy).await;
    let me = sts_as(&emulator, key("bob")).get_caller_identity().send().await.unwrap();
    let shown = control(&emulator, "GET", "/principals", Value::Null).await;
    let of = |arn: &str| shown.as_array().unwrap().iter().find(|one| one["arn"] == arn).unwrap().clone();
    let role = of(ROLE);
    assert_eq!(role["accessKeyIds"], json!([]));
    assert_eq!((&role["trust"], &role["tags"]), (&trust, &json!({ "team": "blue" })));
    assert_eq!(role["policy"], Value::Null);
    let bob = of(&format!("arn:aws:iam::{OTHER}:user/bob"));
    assert_eq!((&bob["accessKeyIds"], &bob["userId"]), (&json!(["bob"]), &json!(me.user_id().unwrap())));
    assert_eq!(bob["policy"]["Statement"][0]["Action"], "codeartifact:*");
    assert!(!shown.to_string().contains("secret"), "{shown}");
}

#[tokio::test]
async fn what_is_to_be_deleted_must_be_named_and_there() {
    let emulator = start().await;
    for path in ["/principals", "/oidc-providers", "/pod-identities"] {
        let member = if path == "/pod-identities" { "roleArn" } else { "arn" };
        for query in [String::new(), format!("?{member}=")] {
            let (status, answer) =
                try_control(&emulator, "DELETE", &format!("{path}{query}"), Value::Null).await;
            assert_eq!((status, answer["error"].as_str()), (400, Some(&*format!("?{member}= is needed"))));
        }
        let (status, answer) =
            try_control(&emulator, "DELETE", &format!("{path}?{member}={USER}"), Value::Null).await;
        assert_eq!(status, 404, "{path}");
        assert!(answer["error"].as_str().unwrap().ends_with(USER), "{answer}");
    }
}
