//! `AssumeRole`: trust, tags, source identities, session policies, chains.

use crate::data;
use crate::identities::{OTHER, allow, key, session, user};
use crate::support::{ACCOUNT, admin, client_as, control, create, refused, start, sts_as, with_domain};
use aws_sdk_sts::types::Tag;
use codeartifact_emulator::Emulator;
use jiff::SignedDuration;
use serde_json::{Value, json};
use std::sync::Arc;

const ROLE: &str = "arn:aws:iam::123456789012:role/ci/builder";
const NEXT: &str = "arn:aws:iam::123456789012:role/next";

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

/// A role whose trust policy has one statement.
async fn role(emulator: &Arc<Emulator>, arn: &str, policy: Value, trust: Value) {
    let mut statement = json!({ "Effect": "Allow" });
    statement.as_object_mut().unwrap().extend(trust.as_object().unwrap().clone());
    let trust = json!({ "Version": "2012-10-17", "Statement": statement });
    let body = json!({ "roleArn": arn, "policy": policy, "trust": trust });
    control(emulator, "PUT", "/principals", body).await;
}

#[tokio::test]
async fn a_role_trusts_whom_its_policy_names() {
    let emulator = start().await;
    user(&emulator, ACCOUNT, "ann", allow(&json!("codeartifact:*"))).await;
    user(&emulator, ACCOUNT, "carl", allow(&json!("sts:*"))).await;
    user(&emulator, OTHER, "bob", allow(&json!("sts:AssumeRole"))).await;
    user(&emulator, OTHER, "eve", allow(&json!("codeartifact:*"))).await;
    // By whom the role is named: then whether ann, carl, bob and eve may assume it.
    for (principal, expected) in [
        ("arn:aws:iam::123456789012:user/ann", [true, false, false, false]),
        (ACCOUNT, [false, true, false, false]),
        ("arn:aws:iam::444455556666:root", [false, false, true, false]),
        ("arn:aws:iam::444455556666:user/eve", [false, false, false, false]),
        ("*", [true, true, true, false]),
    ] {
        let trust = json!({ "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" });
        role(&emulator, ROLE, allow(&json!("*")), trust).await;
        for (name, expected) in ["ann", "carl", "bob", "eve"].into_iter().zip(expected) {
            let assume = sts_as(&emulator, key(name)).assume_role().role_arn(ROLE).role_session_name("one");
            let outcome = assume.send().await;
            assert_eq!(outcome.is_ok(), expected, "{principal}: {name}");
            if !expected {
                let message = refused(outcome, 403, "AccessDenied");
                assert!(message.contains(ROLE) && message.contains("sts:AssumeRole"), "{message}");
            }
        }
    }
    control(
        &emulator,
        "PUT",
        "/principals",
        json!({
            "accessKeyId": "root", "secretAccessKey": "root", "arn": "arn:aws:iam::123456789012:root",
        }),
    )
    .await;
    let root =
        sts_as(&emulator, key("root")).assume_role().role_arn(ROLE).role_session_name("one").send().await;
    refused(root, 403, "AccessDenied");
}

#[tokio::test]
async fn tags_and_source_identity_need_permissions_and_reach_conditions() {
    let emulator = start().await;
    with_domain(&emulator).await;
    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": "codeartifact:*", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/team": "blue", "aws:SourceIdentity": "ann" } },
    }});
    let assume = || sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
    let full = || assume().tags(tag("team", "blue")).source_identity("ann");
    let trust = json!({ "Principal": { "AWS": ACCOUNT }, "Action": "sts:AssumeRole" });
    role(&emulator, ROLE, policy.clone(), trust).await;
    let message = refused(assume().tags(tag("team", "blue")).send().await, 403, "AccessDenied");
    assert!(message.contains("sts:TagSession"), "{message}");
    let message = refused(assume().source_identity("ann").send().await, 403, "AccessDenied");
    assert!(message.contains("sts:SetSourceIdentity"), "{message}");

    let trust = json!({
        "Principal": { "AWS": ACCOUNT },
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        "Condition": { "StringLikeIfExists": { "aws:RequestTag/team": ["blue", "red"] } },
    });
    role(&emulator, ROLE, policy, trust).await;
    refused(assume().tags(tag("team", "green")).send().await, 403, "AccessDenied");
    let assumed = full().send().await.unwrap();
    assert_eq!(assumed.source_identity(), Some("ann"));
    let describe = async |credentials| {
        client_as(&emulator, session(&credentials)).describe_domain().domain("acme").send().await
    };
    describe(assumed.credentials.unwrap()).await.unwrap();
    let red = assume().tags(tag("team", "red")).source_identity("ann").send().await.unwrap();
    refused(describe(red.credentials.unwrap()).await, 403, "AccessDeniedException");
    let plain = assume().send().await.unwrap();
    refused(describe(plain.credentials.unwrap()).await, 403, "AccessDeniedException");
}

#[tokio::test]
async fn a_chain_keeps_transitive_tags_and_source_identity_and_ends_after_an_hour() {
    let emulator = start().await;
    for arn in [ROLE, NEXT] {
        let body = json!({ "roleArn": arn, "maxSessionDuration": 43_200 });
        control(&emulator, "PUT", "/principals", body).await;
    }
    let first = sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
    let first = first.tags(tag("team", "blue")).tags(tag("cost", "1")).transitive_tag_keys("team");
    let first = first.source_identity("ann").duration_seconds(43_200).send().await.unwrap();
    let chained = sts_as(&emulator, session(first.credentials().unwrap()));
    let assume = || chained.assume_role().role_arn(NEXT).role_session_name("two");
    let message = refused(assume().duration_seconds(3_601).send().await, 400, "ValidationError");
    assert!(message.contains("role chaining"), "{message}");
    refused(assume().tags(tag("TEAM", "red")).send().await, 400, "InvalidParameterValue");
    refused(assume().source_identity("bob").send().await, 403, "AccessDenied");

    let policy = |key: &str| {
        json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "codeartifact:*", "Resource": "*",
            "Condition": { "Null": { key: "false" } },
        }})
    };
    let second = assume().send().await.unwrap();
    assert_eq!(second.source_identity(), Some("ann"));
    let last = client_as(&emulator, session(second.credentials().unwrap()));
    for (key, expected) in [
        ("aws:PrincipalTag/team", true),
        ("aws:PrincipalTag/cost", false),
        ("aws:SourceIdentity", true),
        ("aws:TokenIssueTime", true),
    ] {
        control(&emulator, "PUT", "/principals", json!({ "roleArn": NEXT, "policy": policy(key) })).await;
        assert_eq!(last.list_domains().send().await.is_ok(), expected, "{key}");
    }
    emulator.advance(SignedDuration::from_secs(3_601));
    refused(last.list_domains().send().await, 403, "ExpiredTokenException");
}

#[tokio::test]
async fn a_session_policy_narrows_what_the_role_may_do() {
    let emulator = start().await;
    with_domain(&emulator).await;
    control(&emulator, "PUT", "/principals", json!({ "roleArn": ROLE })).await;
    let assume = || sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
    let narrow = allow(&json!("codeartifact:DescribeDomain")).to_string();
    let assumed = assume().policy(narrow).send().await.unwrap();
    let client = client_as(&emulator, session(assumed.credentials().unwrap()));
    client.describe_domain().domain("acme").send().await.unwrap();
    let message = refused(client.list_domains().send().await, 403, "AccessDeniedException");
    assert!(message.contains("no session policy allows"), "{message}");
    refused(assume().policy("{").send().await, 400, "MalformedPolicyDocument");
    refused(assume().policy(" ".repeat(2_049)).send().await, 400, "PackedPolicyTooLarge");
}

#[tokio::test]
async fn a_token_stays_as_narrow_as_the_session_that_minted_it() {
    let emulator = start().await;
    create(&with_domain(&emulator).await, "team").await;
    control(&emulator, "PUT", "/principals", json!({ "roleArn": ROLE })).await;
    let mint = json!(["codeartifact:GetAuthorizationToken", "sts:GetServiceBearerToken"]);
    let read = json!(["codeartifact:*", "sts:GetServiceBearerToken"]);
    for (actions, status) in [(mint, 403), (read, 200)] {
        let assume = sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
        let assumed = assume.policy(allow(&actions).to_string()).send().await.unwrap();
        let client = client_as(&emulator, session(assumed.credentials().unwrap()));
        let token = data::token(&client).await;
        emulator.advance(SignedDuration::from_hours(2));
        assert_eq!(data::get(&emulator, &token, ("npm", "team", "-/ping")).await.status(), status);
    }
}

#[tokio::test]
async fn parameters_must_be_as_the_model_says() {
    let emulator = start().await;
    control(&emulator, "PUT", "/principals", json!({ "roleArn": ROLE })).await;
    let assume = || sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
    for (outcome, code, part) in [
        (assume().role_arn("x").send().await, "ValidationError", "roleArn"),
        (
            assume().role_arn("the-name-of-a-role-alone").send().await,
            "ValidationError",
            "role-alone is invalid",
        ),
        (assume().role_session_name("a").send().await, "ValidationError", "roleSessionName"),
        (assume().external_id("#!").send().await, "ValidationError", "externalId"),
        (assume().source_identity("a b").send().await, "ValidationError", "sourceIdentity"),
        (assume().duration_seconds(899).send().await, "ValidationError", "durationSeconds"),
        (assume().duration_seconds(43_201).send().await, "ValidationError", "durationSeconds"),
        (assume().duration_seconds(3_601).send().await, "ValidationError", "MaxSessionDuration"),
        (assume().transitive_tag_keys("a").send().await, "InvalidParameterValue", "transitive"),
        (
            assume().tags(tag("a", "1")).tags(tag("A", "2")).send().await,
            "InvalidParameterValue",
            "case insensitive",
        ),
        (assume().tags(tag("aws:x", "1")).send().await, "InvalidParameterValue", "reserved"),
    ] {
        let message = refused(outcome, 400, code);
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn sessions_can_be_revoked_by_the_time_they_were_opened() {
    let emulator = start().await;
    let put = |policy: Value| {
        control(&emulator, "PUT", "/principals", json!({ "roleArn": ROLE, "policy": policy }))
    };
    put(allow(&json!("*"))).await;
    let assume = async || {
        let assume = sts_as(&emulator, admin()).assume_role().role_arn(ROLE).role_session_name("one");
        client_as(&emulator, session(assume.send().await.unwrap().credentials().unwrap()))
    };
    let old = assume().await;
    old.list_domains().send().await.unwrap();
    emulator.advance(SignedDuration::from_secs(10));
    let now = emulator.now().to_string();
    put(json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": "*", "Resource": "*" },
        {
            "Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": { "DateLessThan": { "aws:TokenIssueTime": now } },
        },
    ]}))
    .await;
    let message = refused(old.list_domains().send().await, 403, "AccessDeniedException");
    assert!(message.contains("explicit deny in an identity-based policy"), "{message}");
    assume().await.list_domains().send().await.unwrap();
}
