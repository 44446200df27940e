//! External connections: one at most, none beside upstreams.

use crate::support::{create, refused, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::UpstreamRepository;
use codeartifact_emulator::Options;

macro_rules! associate {
    ($client:expr, $name:expr) => {
        $client
            .associate_external_connection()
            .domain("acme")
            .repository("store")
            .external_connection($name)
            .send()
            .await
    };
}

macro_rules! disassociate {
    ($client:expr, $name:expr) => {
        $client
            .disassociate_external_connection()
            .domain("acme")
            .repository("store")
            .external_connection($name)
            .send()
            .await
    };
}

async fn connected(client: &Client) -> Vec<String> {
    let described = client.describe_repository().domain("acme").repository("store");
    let described = described.send().await.unwrap();
    let connections = described.repository().unwrap().external_connections();
    connections.iter().filter_map(|one| one.external_connection_name()).map(Into::into).collect()
}

#[tokio::test]
async fn a_connection_is_attached_and_detached() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "store").await;
    let attached = associate!(client, "public:npmjs").unwrap();
    let connection = &attached.repository().unwrap().external_connections()[0];
    assert_eq!(connection.package_format().unwrap().as_str(), "npm");
    assert_eq!(connection.status().unwrap().as_str(), "AVAILABLE");
    let detached = disassociate!(client, "public:npmjs").unwrap();
    assert!(detached.repository().unwrap().external_connections().is_empty());
}

#[tokio::test]
async fn a_second_connection_is_refused() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "store").await;
    associate!(client, "public:npmjs").unwrap();
    for name in ["public:pypi", "public:npmjs"] {
        let message = refused(associate!(client, name), 400, "ValidationException");
        assert_eq!(message, "ExternalConnections for repositories are currently limited to 1", "{name}");
    }
    assert_eq!(connected(&client).await, ["public:npmjs"]);
    let other = disassociate!(client, "public:pypi");
    refused(other, 404, "ResourceNotFoundException");
    assert_eq!(connected(&client).await, ["public:npmjs"]);
    refused(associate!(client, "public:bogus"), 400, "ValidationException");
}

#[tokio::test]
async fn the_limit_of_connections_is_no_quota() {
    let mut quotas = Options::default().quotas;
    assert!(quotas.set("external-connections-per-repository", 2).is_err());
}

#[tokio::test]
async fn upstreams_and_a_connection_exclude_each_other() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "other").await;
    create(&client, "store").await;
    let upstream = UpstreamRepository::builder().repository_name("other").build().unwrap();
    let update = || client.update_repository().domain("acme").repository("store");
    update().upstreams(upstream.clone()).send().await.unwrap();
    refused(associate!(client, "public:npmjs"), 400, "ValidationException");
    update().set_upstreams(Some(vec![])).send().await.unwrap();
    associate!(client, "public:npmjs").unwrap();
    refused(update().upstreams(upstream).send().await, 400, "ValidationException");
    let empty = update().set_upstreams(Some(vec![])).send().await;
    refused(empty, 400, "ValidationException");
    update().description("allowed").send().await.unwrap();
}
