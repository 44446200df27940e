//! Faults, each kind, and what they are matched by.

use crate::data;
use crate::support::{
    ACCOUNT, admin, client, control, create, refused, start, sts_as, try_control, until, with_domain,
};
use aws_sdk_codeartifact::error::SdkError;
use aws_sdk_codeartifact::operation::create_domain::CreateDomainError;
use aws_sdk_codeartifact::types::{PackageFormat, ResourceType, ValidationExceptionReason};
use codeartifact_emulator::Emulator;
use jiff::SignedDuration;
use serde_json::{Value, json};

async fn put(emulator: &Emulator, faults: Value) {
    control(emulator, "PUT", "/faults", faults).await;
}

#[tokio::test]
async fn an_error_comes_as_often_as_asked() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    put(
        &emulator,
        json!([{
            "match": { "operation": "DescribeDomain", "domain": "ac*" },
            "fault": { "error": "ThrottlingException", "retryAfter": 3 },
            "times": 1,
        }]),
    )
    .await;
    client.list_domains().send().await.unwrap();
    let error = client.describe_domain().domain("acme").send().await.unwrap_err();
    let error = error.into_service_error();
    let aws_sdk_codeartifact::operation::describe_domain::DescribeDomainError::ThrottlingException(throttled) =
        error
    else {
        panic!("{error:?}");
    };
    assert_eq!(throttled.retry_after_seconds(), Some(3));
    client.describe_domain().domain("acme").send().await.unwrap();
    let shown = control(&emulator, "GET", "/faults", Value::Null).await;
    assert_eq!(shown[0]["fired"], 1);
    assert_eq!(shown[0]["held"], 0);
}

#[tokio::test]
async fn faults_are_matched_by_repository_and_principal() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    create(&client, "store").await;
    let describe = |name: &str| client.describe_repository().domain("acme").repository(name).send();
    put(
        &emulator,
        json!([
            { "match": { "repository": "team" }, "fault": { "error": "InternalServerException" } },
            { "match": { "principal": "*:user/nobody" }, "fault": { "status": 503 } },
        ]),
    )
    .await;
    refused(describe("team").await, 500, "InternalServerException");
    describe("store").await.unwrap();
    put(&emulator, json!([{ "match": { "principal": "*:user/admin" }, "fault": { "status": 503 } }])).await;
    let error = describe("store").await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 503);
    let identity = sts_as(&emulator, admin()).get_caller_identity().send().await.unwrap_err();
    assert_eq!(identity.raw_response().unwrap().status().as_u16(), 503);
    control(&emulator, "DELETE", "/faults", Value::Null).await;
    describe("store").await.unwrap();
}

#[tokio::test]
async fn an_error_carries_what_the_model_lets_it() {
    let emulator = start().await;
    let client = client(&emulator);
    for (fault, reason) in [
        (json!({ "error": "ValidationException" }), "OTHER"),
        (json!({ "error": "ValidationException", "reason": "ENCRYPTION_KEY_ERROR" }), "ENCRYPTION_KEY_ERROR"),
    ] {
        put(&emulator, json!([{ "fault": fault }])).await;
        let error = client.create_domain().domain("acme").send().await.unwrap_err().into_service_error();
        let CreateDomainError::ValidationException(error) = error else { panic!("{error:?}") };
        assert_eq!(error.reason().map(ValidationExceptionReason::as_str), Some(reason));
    }
    for (about, seen) in [
        (json!({}), (None, None)),
        (json!({ "resourceId": "a", "resourceType": "asset" }), (Some("a"), Some(ResourceType::Asset))),
    ] {
        let mut fault = about;
        fault["error"] = "ConflictException".into();
        put(&emulator, json!([{ "fault": fault }])).await;
        let error = client.create_domain().domain("acme").send().await.unwrap_err().into_service_error();
        let CreateDomainError::ConflictException(error) = error else { panic!("{error:?}") };
        assert_eq!((error.resource_id(), error.resource_type().cloned()), seen);
    }
}

#[tokio::test]
async fn calls_that_name_an_arn_or_two_repositories_are_matched_too() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    create(&client, "store").await;
    let arn = |resource: &str| format!("arn:aws:codeartifact:us-east-1:{ACCOUNT}:{resource}");
    let tags = |resource: &str| client.list_tags_for_resource().resource_arn(arn(resource)).send();
    let copy = |source: &str, destination: &str| {
        let copy = client.copy_package_versions().domain("acme").format(PackageFormat::Npm).package("p");
        copy.source_repository(source).destination_repository(destination).versions("1").send()
    };
    let fault = json!({ "error": "AccessDeniedException", "message": "a fault" });
    put(&emulator, json!([{ "match": { "domain": "acme" }, "fault": fault }])).await;
    for resource in ["domain/acme", "repository/acme/team", "package-group/acme/%2a"] {
        assert_eq!(refused(tags(resource).await, 403, "AccessDeniedException"), "a fault", "{resource}");
    }
    put(&emulator, json!([{ "match": { "repository": "team" }, "fault": fault }])).await;
    assert_eq!(refused(tags("repository/acme/team").await, 403, "AccessDeniedException"), "a fault");
    tags("repository/acme/store").await.unwrap();
    tags("domain/acme").await.unwrap();
    for (source, destination) in [("team", "store"), ("store", "team")] {
        let copied = copy(source, destination).await;
        assert_eq!(refused(copied, 403, "AccessDeniedException"), "a fault", "{source} to {destination}");
    }
    control(&emulator, "DELETE", "/faults", Value::Null).await;
    refused(copy("team", "store").await, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_cut_connection_has_no_answer_and_no_effect() {
    let emulator = start().await;
    let client = client(&emulator);
    put(&emulator, json!([{ "match": {}, "fault": { "disconnect": true }, "times": 1 }])).await;
    let error = client.create_domain().domain("acme").send().await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    assert_eq!(emulator.journal(0)[0].status, None);
    client.create_domain().domain("acme").send().await.unwrap();
}

#[tokio::test]
async fn a_write_takes_effect_and_fails() {
    let emulator = start().await;
    let client = client(&emulator);
    put(&emulator, json!([{ "fault": { "failAfterWrite": true } }])).await;
    let created = client.create_domain().domain("acme").send().await;
    refused(created, 500, "InternalServerException");
    client.describe_domain().domain("acme").send().await.unwrap();
}

#[tokio::test]
async fn a_delay_delays() {
    let emulator = start().await;
    let client = client(&emulator);
    put(&emulator, json!([{ "fault": { "delay": "1h" }, "times": 1 }])).await;
    let delayed = tokio::spawn(client.list_domains().send());
    until("the fault has fired", || async {
        control(&emulator, "GET", "/faults", Value::Null).await[0]["fired"] == 1
    })
    .await;
    // Another call is answered meanwhile; the delayed one has not come to its effect.
    client.list_repositories().send().await.unwrap();
    assert!(!delayed.is_finished());
    assert!(emulator.journal(0).iter().all(|call| call.operation != "ListDomains"));
    delayed.abort();
}

#[tokio::test]
async fn stale_reads_lag_on_the_emulators_clock() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    put(&emulator, json!([{ "fault": { "staleReads": "60s" } }])).await;
    create(&client, "team").await;
    let describe = || client.describe_repository().domain("acme").repository("team").send();
    refused(describe().await, 404, "ResourceNotFoundException");
    let again = client.create_repository().domain("acme").repository("team").send().await;
    refused(again, 409, "ConflictException");
    emulator.advance(SignedDuration::from_secs(61));
    describe().await.unwrap();
    client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    describe().await.unwrap();
    control(&emulator, "DELETE", "/faults", Value::Null).await;
    refused(describe().await, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn package_managers_meet_faults_too() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let token = data::token(&client).await;
    let get = async || data::get(&emulator, &token, ("npm", "team", "left-pad")).await;
    let matching =
        json!({ "operation": "NpmGetPackument", "repository": "te*", "principal": "*:user/admin" });
    let throttled = json!({ "error": "ThrottlingException", "retryAfter": 3 });
    put(&emulator, json!([{ "match": matching, "fault": throttled, "times": 1 }])).await;
    let answer = get().await;
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &"3".parse().unwrap()));
    assert_eq!(get().await.status(), 404);
    let seen = emulator.journal(0);
    let last: Vec<_> = seen.iter().rev().take(2).map(|entry| (entry.service, entry.status)).collect();
    assert_eq!(last, [("data", Some(404)), ("data", Some(429))]);
}

#[tokio::test]
async fn a_seed_makes_chance_repeatable() {
    let emulator = start().await;
    let client = client(&emulator);
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let fault = json!({ "fault": { "status": 500 }, "probability": 0.5 });
        put(&emulator, json!({ "seed": seed, "faults": [fault] })).await;
        let mut failed = Vec::new();
        for _ in 0..32 {
            failed.push(client.list_domains().send().await.is_err());
        }
        runs.push(failed);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!(runs[0].contains(&true) && runs[0].contains(&false));
}

#[tokio::test]
async fn faults_that_make_no_sense_are_refused() {
    let emulator = start().await;
    for faults in [
        json!([{ "fault": {} }]),
        json!([{ "fault": { "hold": true, "status": 500 } }]),
        json!([{ "fault": { "status": 500 }, "probability": 2 }]),
        json!([{ "fault": { "bogus": true } }]),
        json!([{ "match": { "operation": "ListDomainz" }, "fault": { "hold": true } }]),
        json!([{ "match": { "operation": "ListDomains" }, "fault": { "failAfterWrite": true } }]),
        json!([{ "match": { "bogus": "x" }, "fault": { "hold": true } }]),
    ] {
        let (status, answer) = try_control(&emulator, "PUT", "/faults", faults).await;
        assert_eq!(status, 400);
        assert!(answer["error"].is_string());
    }
}
