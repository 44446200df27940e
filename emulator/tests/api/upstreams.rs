//! Upstreams: order, identity, refusals.

use crate::support::{create, refused, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::error::SdkError;
use aws_sdk_codeartifact::operation::update_repository::{UpdateRepositoryError, UpdateRepositoryOutput};
use aws_sdk_codeartifact::types::UpstreamRepository;

fn upstreams(names: &[&str]) -> Vec<UpstreamRepository> {
    let upstream = |name: &&str| UpstreamRepository::builder().repository_name(*name).build().unwrap();
    names.iter().map(upstream).collect()
}

async fn set(
    client: &Client,
    repository: &str,
    names: &[&str],
) -> Result<UpdateRepositoryOutput, SdkError<UpdateRepositoryError>> {
    let update = client.update_repository().domain("acme").repository(repository);
    update.set_upstreams(Some(upstreams(names))).send().await
}

async fn listed(client: &Client, repository: &str) -> Vec<String> {
    let described = client.describe_repository().domain("acme").repository(repository);
    let described = described.send().await.unwrap();
    let upstreams = described.repository().unwrap().upstreams();
    upstreams.iter().filter_map(|upstream| upstream.repository_name()).map(Into::into).collect()
}

#[tokio::test]
async fn upstreams_keep_their_order_and_are_replaced_as_a_whole() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    for name in ["aa", "bb", "cc"] {
        create(&client, name).await;
    }
    let team = client.create_repository().domain("acme").repository("team");
    team.set_upstreams(Some(upstreams(&["bb", "aa"]))).send().await.unwrap();
    assert_eq!(listed(&client, "team").await, ["bb", "aa"]);
    set(&client, "team", &["cc", "bb"]).await.unwrap();
    assert_eq!(listed(&client, "team").await, ["cc", "bb"]);
    let bare = client.update_repository().domain("acme").repository("team");
    bare.description("kept").send().await.unwrap();
    assert_eq!(listed(&client, "team").await, ["cc", "bb"], "left out means kept");
    set(&client, "team", &[]).await.unwrap();
    assert!(listed(&client, "team").await.is_empty(), "an empty list clears");
}

#[tokio::test]
async fn impossible_upstreams_are_refused_and_change_nothing() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "store").await;
    create(&client, "team").await;
    set(&client, "team", &["store"]).await.unwrap();
    let missing = set(&client, "team", &["store", "none"]).await;
    refused(missing, 404, "ResourceNotFoundException");
    refused(set(&client, "team", &["team"]).await, 400, "ValidationException");
    refused(set(&client, "team", &["store", "store"]).await, 400, "ValidationException");
    let names: Vec<_> = (0..11).map(|number| format!("up-{number}")).collect();
    for name in &names {
        create(&client, name).await;
    }
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    refused(set(&client, "team", &names).await, 402, "ServiceQuotaExceededException");
    assert_eq!(listed(&client, "team").await, ["store"]);
    set(&client, "team", &names[..10]).await.unwrap();
    let made = client.create_repository().domain("acme").repository("new");
    let made = made.set_upstreams(Some(upstreams(&["none"]))).send().await;
    refused(made, 404, "ResourceNotFoundException");
    let absent = client.describe_repository().domain("acme").repository("new").send().await;
    refused(absent, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn upstreams_do_not_lead_back() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    for name in ["store", "middle", "team", "side"] {
        create(&client, name).await;
    }
    set(&client, "side", &["store"]).await.unwrap();
    set(&client, "middle", &["store", "side"]).await.unwrap();
    set(&client, "team", &["middle", "store"]).await.unwrap();
    for (repository, upstream) in [("middle", "team"), ("store", "team"), ("store", "side")] {
        let message = refused(set(&client, repository, &[upstream]).await, 400, "ValidationException");
        assert!(message.contains("lead back"), "{message}");
    }
    assert!(listed(&client, "store").await.is_empty());
    // What once was upstream may become downstream.
    set(&client, "team", &[]).await.unwrap();
    set(&client, "middle", &["team"]).await.unwrap();
    // A name leads nowhere when its repository is gone, and back when it is made afresh.
    client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    let anew = client.create_repository().domain("acme").repository("team");
    anew.set_upstreams(Some(upstreams(&["middle"]))).send().await.unwrap();
    let afresh = client.update_repository().domain("acme").repository("middle").send().await;
    refused(afresh, 400, "ValidationException");
}

#[tokio::test]
async fn a_deleted_upstream_stays_listed_by_name() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "store").await;
    create(&client, "team").await;
    set(&client, "team", &["store"]).await.unwrap();
    client.delete_repository().domain("acme").repository("store").send().await.unwrap();
    assert_eq!(listed(&client, "team").await, ["store"]);
    let bare = || client.update_repository().domain("acme").repository("team");
    bare().send().await.unwrap();
    assert_eq!(listed(&client, "team").await, ["store"]);
    refused(set(&client, "team", &["store"]).await, 404, "ResourceNotFoundException");
}
