//! Tags on domains and repositories.

use crate::support::{create, refused, start, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::types::Tag;

const DOMAIN: &str = "arn:aws:codeartifact:us-east-1:123456789012:domain/acme";
const TEAM: &str = "arn:aws:codeartifact:us-east-1:123456789012:repository/acme/team";

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build().unwrap()
}

async fn tags(client: &Client, arn: &str) -> Vec<(String, String)> {
    let listed = client.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    listed.tags().iter().map(|tag| (tag.key().into(), tag.value().into())).collect()
}

#[tokio::test]
async fn tags_are_set_changed_and_removed() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let team = client.create_repository().domain("acme").repository("team").tags(tag("a", "1"));
    team.send().await.unwrap();
    for arn in [DOMAIN, TEAM] {
        let change = client.tag_resource().resource_arn(arn);
        change.tags(tag("b", "2")).tags(tag("a", "3")).send().await.unwrap();
        let expected = [("a".into(), "3".into()), ("b".into(), "2".into())];
        assert_eq!(tags(&client, arn).await, expected);
        let untag = client.untag_resource().resource_arn(arn);
        untag.tag_keys("a").tag_keys("absent").send().await.unwrap();
        assert_eq!(tags(&client, arn).await, [("b".into(), "2".into())]);
    }
}

#[tokio::test]
async fn tags_go_with_the_resource() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    client.tag_resource().resource_arn(TEAM).tags(tag("a", "1")).send().await.unwrap();
    client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    let gone = client.list_tags_for_resource().resource_arn(TEAM).send().await;
    refused(gone, 404, "ResourceNotFoundException");
    create(&client, "team").await;
    assert!(tags(&client, TEAM).await.is_empty());
}

#[tokio::test]
async fn reserved_and_too_many_tags_are_refused() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    for key in ["aws:x", "AWS:x"] {
        let reserved = client.tag_resource().resource_arn(DOMAIN).tags(tag(key, "1")).send().await;
        refused(reserved, 400, "ValidationException");
    }
    let twice = client.tag_resource().resource_arn(DOMAIN).tags(tag("a", "1")).tags(tag("a", "2"));
    refused(twice.send().await, 400, "ValidationException");
    let long = client.tag_resource().resource_arn(DOMAIN).tags(tag(&"x".repeat(129), ""));
    refused(long.send().await, 400, "ValidationException");

    let many: Vec<_> = (0..51).map(|number| tag(&format!("k{number}"), "")).collect();
    let whole = client.tag_resource().resource_arn(DOMAIN).set_tags(Some(many.clone()));
    refused(whole.send().await, 402, "ServiceQuotaExceededException");
    let fitting = client.tag_resource().resource_arn(DOMAIN).set_tags(Some(many[..50].to_vec()));
    fitting.send().await.unwrap();
    let over = client.tag_resource().resource_arn(DOMAIN).tags(many[50].clone()).send().await;
    refused(over, 402, "ServiceQuotaExceededException");
    assert_eq!(tags(&client, DOMAIN).await.len(), 50);
    let created = client.create_domain().domain("beta").set_tags(Some(many)).send().await;
    refused(created, 402, "ServiceQuotaExceededException");
}

#[tokio::test]
async fn arns_must_be_of_this_place() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    for (arn, status, code) in [
        ("bogus", 400, "ValidationException"),
        ("arn:aws:codeartifact:eu-west-1:123456789012:domain/acme", 400, "ValidationException"),
        ("arn:aws:codeartifact:us-east-1:123456789012:domain/none", 404, "ResourceNotFoundException"),
        ("arn:aws:codeartifact:us-east-1:999999999999:domain/acme", 403, "AccessDeniedException"),
    ] {
        let listed = client.list_tags_for_resource().resource_arn(arn).send().await;
        refused(listed, status, code);
    }
}
