//! Repositories: round trip, refusals, lists, endpoints.

use crate::support::{ACCOUNT, create, refused, start, with_domain};
use aws_sdk_codeartifact::types::{EndpointType, PackageFormat};
use codeartifact_emulator::{Emulator, Options};
use std::sync::Arc;

#[tokio::test]
async fn a_repository_is_created_described_updated_and_deleted() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let created = client
        .create_repository()
        .domain("acme")
        .repository("team")
        .description("Für alle")
        .send()
        .await
        .unwrap();
    let repository = created.repository().unwrap();
    assert_eq!(repository.arn(), Some("arn:aws:codeartifact:us-east-1:123456789012:repository/acme/team"));
    assert_eq!(repository.administrator_account(), Some(ACCOUNT));
    assert_eq!(repository.domain_name(), Some("acme"));
    assert_eq!(repository.domain_owner(), Some(ACCOUNT));
    assert_eq!(repository.description(), Some("Für alle"));
    assert!(repository.created_time().is_some());

    let update = || client.update_repository().domain("acme").repository("team");
    let kept = update().send().await.unwrap();
    assert_eq!(kept.repository().unwrap().description(), Some("Für alle"));
    let cleared = update().description("").send().await.unwrap();
    assert_eq!(cleared.repository().unwrap().description(), None);

    let deleted = client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    assert_eq!(deleted.repository().unwrap().name(), Some("team"));
    let gone = client.describe_repository().domain("acme").repository("team").send().await;
    let message = refused(gone, 404, "ResourceNotFoundException");
    assert_eq!(
        message,
        "Repository not found. Repository 'team' in domain 'acme' owned by account \
         '123456789012' does not exist"
    );
    let again = client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    assert!(again.repository().is_none(), "deleting an absent repository is silent");
}

#[tokio::test]
async fn duplicates_and_missing_domains_are_refused() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    for name in ["team", "Team"] {
        let again = client.create_repository().domain("acme").repository(name).send().await;
        refused(again, 409, "ConflictException");
    }
    let nowhere = client.create_repository().domain("none").repository("team").send().await;
    refused(nowhere, 404, "ResourceNotFoundException");
    let nowhere = client.update_repository().domain("acme").repository("none").send().await;
    refused(nowhere, 404, "ResourceNotFoundException");
    let nowhere = client.delete_repository().domain("none").repository("team").send().await;
    refused(nowhere, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn malformed_members_are_refused() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let create = |name: &str, description: &str| {
        client.create_repository().domain("acme").repository(name).description(description).send()
    };
    for (name, description, member) in
        [("-x", "", "repository"), ("x", "", "repository"), ("team", "a\u{1}b", "description")]
    {
        let message = refused(create(name, description).await, 400, "ValidationException");
        assert!(message.contains(&format!("at '{member}'")), "{message}");
    }
    refused(create("team", &"x".repeat(1_001)).await, 400, "ValidationException");
}

#[tokio::test]
async fn the_quota_of_repositories_holds() {
    let mut options = Options::default();
    options.quotas.set("repositories-per-domain", 1).unwrap();
    let emulator = Arc::new(Emulator::start(options).await.unwrap());
    let client = with_domain(&emulator).await;
    create(&client, "one").await;
    let second = client.create_repository().domain("acme").repository("two").send().await;
    refused(second, 402, "ServiceQuotaExceededException");
}

#[tokio::test]
async fn lists_page_and_filter() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    client.create_domain().domain("beta").send().await.unwrap();
    for number in 0..6 {
        create(&client, &format!("store-{number}")).await;
    }
    create(&client, "team").await;
    client.create_repository().domain("beta").repository("store-x").send().await.unwrap();

    let first = client.list_repositories_in_domain().domain("acme").send().await.unwrap();
    assert!(first.repositories().len() < 7 && first.next_token().is_some());
    let all = client.list_repositories_in_domain().domain("acme").into_paginator().items().send();
    let all = all.collect::<Result<Vec<_>, _>>().await.unwrap();
    assert_eq!(all.len(), 7);
    assert_eq!(all[6].name(), Some("team"));
    assert!(all[6].arn().is_some() && all[6].description().is_none());
    let mine = client.list_repositories().repository_prefix("store-").into_paginator().items();
    let mine = mine.send().collect::<Result<Vec<_>, _>>().await.unwrap();
    let mine: Vec<_> = mine.iter().filter_map(|one| one.name()).collect();
    assert_eq!(mine.len(), 7);
    assert_eq!((mine[0], mine[6]), ("store-0", "store-x"));
    let foreign = client.list_repositories_in_domain().domain("acme");
    let foreign = foreign.administrator_account("999999999999").send().await.unwrap();
    assert!(foreign.repositories().is_empty());
}

#[tokio::test]
async fn a_page_goes_on_where_it_ended_although_its_last_item_is_gone() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    for name in ["aa", "bb", "cc", "dd"] {
        create(&client, name).await;
    }
    let list = || client.list_repositories_in_domain().domain("acme").max_results(2);
    let first = list().send().await.unwrap();
    client.delete_repository().domain("acme").repository("bb").send().await.unwrap();
    let second = list().set_next_token(first.next_token().map(Into::into)).send().await.unwrap();
    let names: Vec<_> = second.repositories().iter().filter_map(|one| one.name()).collect();
    assert_eq!(names, ["cc", "dd"]);
    assert_eq!(second.next_token(), None);
}

#[tokio::test]
async fn endpoints_lead_to_the_emulator() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let ask = |repository: &str, format| {
        client.get_repository_endpoint().domain("acme").repository(repository).format(format)
    };
    for endpoint_type in [EndpointType::Ipv4, EndpointType::Dualstack] {
        let answer = ask("team", PackageFormat::Npm).endpoint_type(endpoint_type);
        assert_eq!(
            answer.send().await.unwrap().repository_endpoint().unwrap(),
            format!("{}/npm/d/acme-{ACCOUNT}/team/", emulator.url())
        );
    }
    refused(ask("none", PackageFormat::Npm).send().await, 404, "ResourceNotFoundException");
    let bogus = ask("team", PackageFormat::from("bogus")).send().await;
    let message = refused(bogus, 400, "ValidationException");
    assert!(message.contains("Value 'bogus' at 'format'"), "{message}");
    assert!(message.contains("enum value set: [npm, pypi"), "{message}");
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    crate::support::control(&emulator, "POST", "/reset", serde_json::Value::Null).await;
    assert!(client.list_domains().send().await.unwrap().domains().is_empty());
    assert!(crate::support::client(&emulator).create_domain().domain("acme").send().await.is_ok());
}
