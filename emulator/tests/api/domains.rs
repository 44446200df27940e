//! Domains: round trip, refusals, pages.

use crate::support::{ACCOUNT, client, create, refused, start, with_domain};
use aws_sdk_codeartifact::operation::create_domain::CreateDomainError;
use aws_sdk_codeartifact::types::{DomainStatus, Tag, ValidationExceptionReason};
use codeartifact_emulator::{Emulator, Options};
use std::sync::Arc;

#[tokio::test]
async fn a_domain_is_created_described_and_deleted() {
    let emulator = start().await;
    let client = client(&emulator);
    let created = client
        .create_domain()
        .domain("acme")
        .encryption_key("alias/team")
        .tags(Tag::builder().key("team").value("a").build().unwrap())
        .send()
        .await
        .unwrap();
    let domain = created.domain().unwrap();
    assert_eq!(domain.arn(), Some("arn:aws:codeartifact:us-east-1:123456789012:domain/acme"));
    assert_eq!(domain.owner(), Some(ACCOUNT));
    assert_eq!(domain.status(), Some(&DomainStatus::Active));
    let key = domain.encryption_key().unwrap();
    assert!(key.starts_with("arn:aws:kms:us-east-1:123456789012:key/"), "{key}");
    let age = emulator.now().as_second() - domain.created_time().unwrap().secs();
    assert!((0..60).contains(&age), "created {age} s ago");
    create(&client, "npm-store").await;

    let described = client.describe_domain().domain("acme").domain_owner(ACCOUNT).send().await.unwrap();
    let described = described.domain().unwrap();
    assert_eq!(described.repository_count(), 1);
    assert_eq!(described.encryption_key(), Some(key));
    assert!(described.s3_bucket_arn().unwrap().starts_with("arn:aws:s3:::assets-"));

    client.delete_repository().domain("acme").repository("npm-store").send().await.unwrap();
    let deleted = client.delete_domain().domain("acme").send().await.unwrap();
    assert_eq!(deleted.domain().unwrap().name(), Some("acme"));
    assert_eq!(deleted.domain().unwrap().status().unwrap().as_str(), "Active", "as the guide shows it");
    let gone = client.describe_domain().domain("acme").send().await;
    let message = refused(gone, 404, "ResourceNotFoundException");
    assert_eq!(message, "Domain not found. Domain 'acme' owned by account '123456789012' does not exist");
}

#[tokio::test]
async fn a_key_that_can_be_none_is_refused() {
    let emulator = start().await;
    let client = client(&emulator);
    for named in [
        "aws/codeartifact",
        "arn:aws:s3:::bucket",
        "!!!",
        "alias/",
        "arn:aws:kms:eu-west-1:123456789012:alias/team",
    ] {
        let error = client.create_domain().domain("acme").encryption_key(named).send().await.unwrap_err();
        let CreateDomainError::ValidationException(error) = error.into_service_error() else {
            panic!("{named}")
        };
        assert_eq!(error.reason(), Some(&ValidationExceptionReason::EncryptionKeyError), "{named}");
        assert_eq!(error.message(), format!("KMS key not found: {named}"));
    }
    let error = client.create_domain().domain("acme").encryption_key("a b").send().await.unwrap_err();
    let CreateDomainError::ValidationException(error) = error.into_service_error() else { panic!() };
    assert_eq!(error.reason(), Some(&ValidationExceptionReason::FieldValidationFailed), "the model first");
}

#[tokio::test]
async fn deleting_an_absent_domain_is_silent() {
    let emulator = start().await;
    let deleted = client(&emulator).delete_domain().domain("acme").send().await.unwrap();
    assert!(deleted.domain().is_none());
}

#[tokio::test]
async fn a_domain_with_repositories_is_not_deleted() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let error = client.delete_domain().domain("acme").send().await.unwrap_err();
    let error = error.into_service_error();
    assert!(error.is_conflict_exception());
    assert!(error.to_string().contains("Conflict"), "{error}");
    let refused_again = client.delete_domain().domain("acme").send().await;
    let message = refused(refused_again, 409, "ConflictException");
    assert_eq!(message, "Domain must contain 0 repositories before deletion");
    assert!(client.describe_domain().domain("acme").send().await.is_ok());
}

#[tokio::test]
async fn a_duplicate_domain_is_a_conflict_that_names_it() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let error = client.create_domain().domain("acme").send().await.unwrap_err();
    let conflict = error.into_service_error();
    let aws_sdk_codeartifact::operation::create_domain::CreateDomainError::ConflictException(conflict) =
        conflict
    else {
        panic!("{conflict:?}");
    };
    assert_eq!(conflict.resource_id(), Some("acme"));
    assert_eq!(conflict.resource_type().unwrap().as_str(), "domain");
}

#[tokio::test]
async fn malformed_names_are_refused_in_the_words_of_the_service() {
    let emulator = start().await;
    let client = client(&emulator);
    let message = refused(client.create_domain().domain("Acme").send().await, 400, "ValidationException");
    assert_eq!(
        message,
        "1 validation error detected: Value 'Acme' at 'domain' failed to satisfy constraint: \
         Member must satisfy regular expression pattern: [a-z][a-z0-9\\-]{0,48}[a-z0-9]"
    );
    let owner = client.describe_domain().domain("acme").domain_owner("12").send().await;
    let message = refused(owner, 400, "ValidationException");
    assert!(message.contains("Value '12' at 'domainOwner'"), "{message}");
}

#[tokio::test]
async fn the_quota_of_domains_holds() {
    let mut options = Options::default();
    options.quotas.set("domains-per-account", 2).unwrap();
    assert!(options.quotas.set("domains", 2).is_err());
    let emulator = Arc::new(Emulator::start(options).await.unwrap());
    let client = client(&emulator);
    for name in ["one", "two"] {
        client.create_domain().domain(name).send().await.unwrap();
    }
    let third = client.create_domain().domain("three").send().await;
    refused(third, 402, "ServiceQuotaExceededException");
}

#[tokio::test]
async fn domains_come_in_small_pages() {
    let emulator = start().await;
    let client = client(&emulator);
    let names: Vec<_> = (0..9).map(|number| format!("domain-{number}")).collect();
    for name in names.iter().rev() {
        client.create_domain().domain(name).send().await.unwrap();
    }
    let first = client.list_domains().send().await.unwrap();
    assert!(first.domains().len() < 9 && first.next_token().is_some());
    let all = client.list_domains().into_paginator().items().send();
    let all = all.collect::<Result<Vec<_>, _>>().await.unwrap();
    let all: Vec<_> = all.iter().filter_map(|domain| domain.name()).collect();
    assert_eq!(all, names);
    let large = client.list_domains().max_results(9).send().await.unwrap();
    assert_eq!((large.domains().len(), large.next_token()), (9, None));
    let bogus = client.list_domains().next_token("bogus").send().await;
    refused(bogus, 400, "ValidationException");
    let zero = client.list_domains().max_results(0).send().await;
    refused(zero, 400, "ValidationException");
}

#[tokio::test]
async fn a_foreign_owner_is_denied() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let foreign = client.describe_domain().domain("acme").domain_owner("999999999999").send().await;
    let message = refused(foreign, 403, "AccessDeniedException");
    for part in ["user/admin", "codeartifact:DescribeDomain", "999999999999:domain/acme"] {
        assert!(message.contains(part), "{message}");
    }
    let foreign = client.create_repository().domain("acme").domain_owner("999999999999");
    let foreign = foreign.repository("team").send().await;
    refused(foreign, 403, "AccessDeniedException");
}
