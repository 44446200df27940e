//! The events that EventBridge would get of package versions.

use crate::data;
use crate::support::{ACCOUNT, client_as, control, create, start, try_control, with_domain};
use aws_credential_types::Credentials;
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::primitives::ByteStream;
use aws_sdk_codeartifact::types::{PackageFormat, PackageVersionStatus, UpstreamRepository};
use codeartifact_emulator::{Emulator, Options};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

async fn events(emulator: &Emulator, since: u64) -> Vec<Value> {
    let answer = control(emulator, "GET", &format!("/events?since={since}"), Value::Null).await;
    answer.as_array().unwrap().clone()
}

/// Repository, version, kind, state and what was changed.
fn short(event: &Value) -> String {
    let detail = &event["event"]["detail"];
    let changes = &detail["changes"];
    let flag = |name: &str, mark: &'static str| if changes[name] == true { mark } else { "" };
    format!(
        "{} {} {} {} +{} -{} ~{}{}{}",
        detail["repositoryName"].as_str().unwrap(),
        detail["packageVersion"].as_str().unwrap(),
        detail["operationType"].as_str().unwrap(),
        detail["packageVersionState"].as_str().unwrap(),
        changes["assetsAdded"],
        changes["assetsRemoved"],
        changes["assetsUpdated"],
        flag("metadataUpdated", " metadata"),
        flag("statusChanged", " status"),
    )
}

async fn publish(client: &Client, version: &str, asset: &str, unfinished: bool) {
    let publish = client.publish_package_version().domain("acme").repository("team");
    let publish = publish.format(PackageFormat::Generic).namespace("ns").package("tool");
    let publish = publish.package_version(version).asset_name(asset).unfinished(unfinished);
    let publish = publish.asset_sha256(hex::encode(Sha256::digest(asset)));
    publish.asset_content(ByteStream::from(asset.as_bytes().to_vec())).send().await.unwrap();
}

#[tokio::test]
async fn an_event_has_all_that_the_service_tells() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    publish(&client, "1.0", "a.bin", false).await;
    let told = events(&emulator, 0).await;
    let [event] = &told[..] else { panic!("{told:?}") };
    let describe = client.describe_package_version().domain("acme").repository("team");
    let describe = describe.format(PackageFormat::Generic).namespace("ns").package("tool");
    let version = describe.package_version("1.0").send().await.unwrap().package_version.unwrap();
    let text = |at: &Value| at.as_str().unwrap().to_owned();
    let (id, time) = (text(&event["event"]["id"]), text(&event["event"]["time"]));
    let deduplication = text(&event["event"]["detail"]["eventDeduplicationId"]);
    assert_eq!((id.len(), time.len(), deduplication.len()), (36, 20, 32), "{event}");
    let expected = json!({ "seq": 1, "event": {
        "version": "0",
        "id": id,
        "detail-type": "CodeArtifact Package Version State Change",
        "source": "aws.codeartifact",
        "account": ACCOUNT,
        "time": time,
        "region": "us-east-1",
        "resources": [format!("arn:aws:codeartifact:us-east-1:{ACCOUNT}:package/acme/team/generic/ns/tool")],
        "detail": {
            "domainName": "acme",
            "domainOwner": ACCOUNT,
            "repositoryName": "team",
            "repositoryAdministrator": ACCOUNT,
            "packageFormat": "generic",
            "packageNamespace": "ns",
            "packageName": "tool",
            "packageVersion": "1.0",
            "packageVersionState": "Published",
            "packageVersionRevision": version.revision().unwrap(),
            "changes": {
                "assetsAdded": 1,
                "assetsRemoved": 0,
                "assetsUpdated": 0,
                "metadataUpdated": true,
                "statusChanged": true,
            },
            "operationType": "Created",
            "sequenceNumber": 1,
            "eventDeduplicationId": deduplication,
        },
    }});
    assert_eq!(*event, expected);
}

#[tokio::test]
async fn every_change_of_a_version_is_told_and_nothing_else() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    create(&client, "other").await;
    let mut last = 0;
    let mut told = async |expected: &[&str]| {
        let events = events(&emulator, last).await;
        assert_eq!(events.iter().map(short).collect::<Vec<_>>(), expected);
        last += events.len() as u64;
    };
    told(&[]).await;
    publish(&client, "1", "a", true).await;
    told(&["team 1 Created Unfinished +1 -0 ~0 metadata status"]).await;
    publish(&client, "1", "a", true).await;
    told(&[]).await;
    publish(&client, "1", "b", false).await;
    told(&["team 1 Updated Published +1 -0 ~0 status"]).await;
    publish(&client, "2", "a", false).await;
    told(&["team 2 Created Published +1 -0 ~0 metadata status"]).await;
    let copy = client.copy_package_versions().domain("acme").source_repository("team");
    let copy = copy.destination_repository("other").format(PackageFormat::Generic).namespace("ns");
    copy.package("tool").versions("1").versions("2").send().await.unwrap();
    told(&[
        "other 1 Created Published +2 -0 ~0 metadata status",
        "other 2 Created Published +1 -0 ~0 metadata status",
    ])
    .await;
    for (status, name) in
        [(PackageVersionStatus::Archived, "Archived"), (PackageVersionStatus::Unlisted, "Unlisted")]
    {
        let update = client.update_package_versions_status().domain("acme").repository("team");
        let update = update.format(PackageFormat::Generic).namespace("ns").package("tool");
        update.versions("1").target_status(status).send().await.unwrap();
        told(&[&format!("team 1 Updated {name} +0 -0 ~0 status")]).await;
    }
    let dispose = client.dispose_package_versions().domain("acme").repository("team");
    let dispose = dispose.format(PackageFormat::Generic).namespace("ns").package("tool");
    dispose.versions("1").send().await.unwrap();
    told(&["team 1 Updated Disposed +0 -2 ~0 status"]).await;
    let delete = client.delete_package_versions().domain("acme").repository("team");
    let delete = delete.format(PackageFormat::Generic).namespace("ns").package("tool");
    delete.versions("2").send().await.unwrap();
    told(&["team 2 Deleted Deleted +0 -1 ~0 status"]).await;
    let delete = client.delete_package().domain("acme").repository("other");
    let delete = delete.format(PackageFormat::Generic).namespace("ns").package("tool");
    delete.send().await.unwrap();
    told(&["other 1 Deleted Deleted +0 -2 ~0 status", "other 2 Deleted Deleted +0 -1 ~0 status"]).await;
    // A failed call and the end of a repository are no events.
    let delete = client.delete_package_versions().domain("acme").repository("team");
    let delete = delete.format(PackageFormat::Generic).namespace("ns").package("tool");
    delete.versions("1").versions("9").send().await.unwrap();
    client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    told(&[]).await;
}

/// Repositories `store`, behind PyPI, and `team` behind that; a token.
async fn connected(emulator: &Arc<Emulator>) -> String {
    let client = with_domain(emulator).await;
    create(&client, "store").await;
    let connect = client.associate_external_connection().domain("acme").repository("store");
    connect.external_connection("public:npmjs").send().await.unwrap();
    let upstream = UpstreamRepository::builder().repository_name("store").build().unwrap();
    client.create_repository().domain("acme").repository("team").upstreams(upstream).send().await.unwrap();
    let packages = json!([{ "name": "left-pad", "version": "1.0.0" }]);
    control(emulator, "PUT", "/seed", json!({ "connection": "public:npmjs", "packages": packages })).await;
    data::token(&client).await
}

#[tokio::test]
async fn ingestion_and_retention_are_told_when_they_happen() {
    for delay in [0, 180] {
        let delay = SignedDuration::from_secs(delay);
        let options = Options { ingest_delay: delay, ..Options::default() };
        let emulator = Arc::new(Emulator::start(options).await.unwrap());
        let token = connected(&emulator).await;
        assert_eq!(events(&emulator, 0).await, [Value::Null; 0], "nobody has fetched it");
        let begun = emulator.now();
        let file = ("npm", "store", "left-pad/-/left-pad-1.0.0.tgz");
        assert_eq!(data::get(&emulator, &token, file).await.status(), 200);
        if !delay.is_zero() {
            assert_eq!(events(&emulator, 0).await, [Value::Null; 0]);
            emulator.advance(delay);
        }
        let told = events(&emulator, 0).await;
        let [event] = &told[..] else { panic!("{told:?}") };
        assert_eq!(short(event), "store 1.0.0 Created Published +1 -0 ~0 metadata status");
        assert_eq!(event["event"]["detail"]["packageNamespace"], Value::Null);
        let at: jiff::Timestamp = event["event"]["time"].as_str().unwrap().parse().unwrap();
        assert!(at.as_second() >= (begun + delay).as_second(), "{at}");
        let file = ("npm", "team", "left-pad/-/left-pad-1.0.0.tgz");
        assert_eq!(data::get(&emulator, &token, file).await.status(), 200);
        let told = events(&emulator, 1).await;
        assert_eq!(
            told.iter().map(short).collect::<Vec<_>>(),
            ["team 1.0.0 Created Published +1 -0 ~0 metadata status"]
        );
    }
}

#[tokio::test]
async fn the_list_is_emptied_and_its_numbers_go_on() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    publish(&client, "1", "a", false).await;
    control(&emulator, "DELETE", "/events", Value::Null).await;
    assert_eq!(events(&emulator, 0).await, [Value::Null; 0]);
    publish(&client, "2", "a", false).await;
    assert_eq!(events(&emulator, 0).await[0]["seq"], 2);
    control(&emulator, "POST", "/reset", Value::Null).await;
    assert_eq!(events(&emulator, 0).await, [Value::Null; 0]);
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    publish(&client, "3", "a", false).await;
    let told = events(&emulator, 0).await;
    assert_eq!((told.len(), &told[0]["seq"]), (1, &json!(3)));
    assert_eq!(told[0]["event"]["detail"]["sequenceNumber"], 3);
    for (method, path, told) in [
        ("GET", "/events?since=x", "since: \"x\" is not a whole number"),
        ("GET", "/events?format=text", "takes since, not \"format\""),
        ("DELETE", "/events?since=1", "takes no query"),
    ] {
        let (status, answer) = try_control(&emulator, method, path, Value::Null).await;
        assert_eq!(status, 400, "{path}");
        assert!(answer["error"].as_str().unwrap().contains(told), "{path}: {answer}");
    }
}

#[tokio::test]
async fn an_administrator_of_another_account_is_told_too() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let user =
        json!({ "accessKeyId": "ann", "secretAccessKey": "s", "arn": "arn:aws:iam::210987654321:user/ann" });
    control(&emulator, "PUT", "/principals", user).await;
    let statement =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "codeartifact:*", "Resource": "*" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    client.put_domain_permissions_policy().domain("acme").policy_document(policy).send().await.unwrap();
    let ann = client_as(&emulator, Credentials::new("ann", "s", None, None, "test"));
    let team = ann.create_repository().domain("acme").domain_owner(ACCOUNT).repository("team");
    team.send().await.unwrap();
    publish(&client, "1", "a", false).await;
    let told = events(&emulator, 0).await;
    let accounts: Vec<_> = told.iter().map(|event| event["event"]["account"].as_str().unwrap()).collect();
    assert_eq!(accounts, [ACCOUNT, "210987654321"]);
    assert_eq!(told[0]["event"]["detail"], told[1]["event"]["detail"]);
}
