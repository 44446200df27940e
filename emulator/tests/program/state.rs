//! What a state file keeps, and what is no state file.

use crate::running::{Running, refused};
use aws_sdk_codeartifact::primitives::Blob;
use aws_sdk_codeartifact::types::{
    PackageFormat, PackageGroupAllowedRepository, PackageGroupOriginRestrictionMode,
    PackageGroupOriginRestrictionType, Tag, UpstreamRepository,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Everything that callers can see of the domain `acme`.
async fn seen(running: &Running) -> String {
    let client = running.client();
    let arn = "arn:aws:codeartifact:us-east-1:123456789012:domain/acme";
    let mut seen = vec![
        format!("{:?}", client.describe_domain().domain("acme").send().await.unwrap().domain()),
        format!("{:?}", client.list_tags_for_resource().resource_arn(arn).send().await.unwrap().tags()),
    ];
    for repository in ["store", "team"] {
        let described = client.describe_repository().domain("acme").repository(repository);
        seen.push(format!("{:?}", described.send().await.unwrap().repository()));
        let versions = client.list_package_versions().domain("acme").repository(repository);
        let versions = versions.format(PackageFormat::Generic).namespace("ns").package("tool").send().await;
        seen.push(
            versions.map_or_else(|_| "no package".into(), |versions| format!("{:?}", versions.versions())),
        );
    }
    let asset =
        client.get_package_version_asset().domain("acme").repository("team").format(PackageFormat::Generic);
    let asset =
        asset.namespace("ns").package("tool").package_version("1").asset("a.bin").send().await.unwrap();
    let groups = client.list_package_groups().domain("acme").send().await.unwrap();
    for group in groups.package_groups() {
        let restrictions = group.origin_configuration().and_then(|origin| origin.restrictions());
        let sorted: BTreeMap<_, _> =
            restrictions.unwrap().iter().map(|(way, restriction)| (way.as_str(), restriction)).collect();
        let words = (group.contact_info(), group.description());
        seen.push(format!("{:?} {:?} {words:?} {sorted:?}", group.arn(), group.created_time()));
    }
    let allowed = client.list_allowed_repositories_for_group().domain("acme").package_group("/npm/acme/*");
    let allowed = allowed.origin_restriction_type(PackageGroupOriginRestrictionType::Publish);
    seen.push(format!("{:?}", allowed.send().await.unwrap().allowed_repositories()));
    seen.push(format!("{:?}", asset.asset.collect().await.unwrap().into_bytes()));
    let policy = client.get_repository_permissions_policy().domain("acme").repository("team").send().await;
    seen.push(format!("{:?}", policy.unwrap().policy()));
    let policy = client.get_domain_permissions_policy().domain("acme").send().await;
    seen.push(format!("{:?}", policy.unwrap().policy()));
    seen.push(
        running.ask("GET", "/_emulator/oidc-providers", "").split_once("\r\n\r\n").unwrap().1.to_owned(),
    );
    seen.push(running.ask("GET", "/_emulator/keys", "").split_once("\r\n\r\n").unwrap().1.to_owned());
    seen.push(running.ask("GET", "/_emulator/principals", "").split_once("\r\n\r\n").unwrap().1.to_owned());
    seen.join("\n")
}

async fn fill(running: &Running) {
    let client = running.client();
    let tag = Tag::builder().key("team").value("a").build().unwrap();
    client.create_domain().domain("acme").tags(tag).send().await.unwrap();
    client.create_repository().domain("acme").repository("store").send().await.unwrap();
    let upstream = UpstreamRepository::builder().repository_name("store").build().unwrap();
    client.create_repository().domain("acme").repository("team").upstreams(upstream).send().await.unwrap();
    group(&client).await;
    for version in ["1", "2"] {
        publish(running, version, b"content").await;
    }
    let user = json!({ "accessKeyId": "other", "secretAccessKey": "secret", "arn": "arn:aws:iam::123456789012:user/other" });
    let role = json!({ "roleArn": "arn:aws:iam::123456789012:role/ci", "policy": statement("*", None) });
    let provider =
        json!({ "issuer": "https://issuer.example", "audiences": ["sts"], "jwks": { "keys": [] } });
    let key = json!({ "key": "1234abcd-12ab-34cd-56ef-1234567890ab", "aliases": ["alias/team"] });
    for (path, body) in
        [("principals", user), ("principals", role), ("oidc-providers", provider), ("keys", key)]
    {
        let answer = running.ask("PUT", &format!("/_emulator/{path}"), &body.to_string());
        assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    }
    // Known by its id from then on.
    let gone = "arn:aws:iam::123456789012:role/gone";
    running.ask("PUT", "/_emulator/principals", &json!({ "roleArn": gone }).to_string());
    let mut policy = statement("codeartifact:DescribeDomain", Some("*"));
    policy["Statement"][0]["Principal"] = json!({ "AWS": gone });
    let put = client.put_domain_permissions_policy().domain("acme");
    put.policy_document(policy.to_string()).send().await.unwrap();
    running.ask("DELETE", &format!("/_emulator/principals?arn={gone}"), "");
    let policy = statement("codeartifact:ReadFromRepository", Some("*")).to_string();
    let put = client.put_repository_permissions_policy().domain("acme").repository("team");
    put.policy_document(policy).send().await.unwrap();
    let seed =
        json!({ "connection": "public:npmjs", "packages": [{ "name": "left-pad", "version": "1.0.0" }] });
    running.ask("PUT", "/_emulator/seed", &seed.to_string());
}

/// A package group that one repository may publish to, and words about the root.
async fn group(client: &aws_sdk_codeartifact::Client) {
    let create = client.create_package_group().domain("acme").package_group("/npm/acme/*");
    create.contact_info("team a").send().await.unwrap();
    let way = PackageGroupOriginRestrictionType::Publish;
    let allowed = PackageGroupAllowedRepository::builder().repository_name("team");
    let update = client.update_package_group_origin_configuration().domain("acme");
    let update = update.package_group("/npm/acme/*");
    let update =
        update.restrictions(way.clone(), PackageGroupOriginRestrictionMode::AllowSpecificRepositories);
    let allowed = allowed.origin_restriction_type(way).build();
    update.add_allowed_repositories(allowed).send().await.unwrap();
    let root = client.update_package_group().domain("acme").package_group("/*");
    root.description("everything").send().await.unwrap();
}

/// A policy that allows that to everybody, or to the identity that has it.
fn statement(action: &str, principal: Option<&str>) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Action": action, "Resource": "*" });
    if let Some(principal) = principal {
        statement["Principal"] = principal.into();
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

async fn publish(running: &Running, version: &str, content: &[u8]) {
    use sha2::{Digest, Sha256};
    let client = running.client();
    let publish =
        client.publish_package_version().domain("acme").repository("team").format(PackageFormat::Generic);
    let publish = publish.namespace("ns").package("tool").package_version(version).asset_name("a.bin");
    let hash = hex::encode(Sha256::digest(content));
    publish.asset_content(Blob::new(content).into_inner().into()).asset_sha256(hash).send().await.unwrap();
}

/// The clock's time, and how often it was moved.
fn clock(running: &Running) -> (Timestamp, u64) {
    let answer = running.ask("GET", "/_emulator/clock", "");
    let reading: Value = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    (reading["now"].as_str().unwrap().parse().unwrap(), reading["seq"].as_u64().unwrap())
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("state");
    let arguments = ["--state", file.to_str().unwrap()];
    let mut running = Running::start(&arguments);
    fill(&running).await;
    let before = seen(&running).await;
    assert!(before.contains("AROA"), "{before}");
    running.signal("-TERM");
    running.ended();
    let mut running = Running::start(&arguments);
    assert_eq!(seen(&running).await, before);
    // What was seeded can be drawn from, and what is deleted stays so.
    let client = running.client();
    let connect = client.associate_external_connection().domain("acme").repository("store");
    connect.external_connection("public:npmjs").send().await.unwrap();
    let token = client.get_authorization_token().domain("acme").send().await.unwrap();
    let login = format!("authorization: Bearer {}\r\n", token.authorization_token().unwrap());
    let packument =
        crate::running::ask(running.address, "GET", "/npm/d/acme-123456789012/team/left-pad", &login, "");
    assert!(packument.starts_with("HTTP/1.1 200"), "{packument}");
    let delete =
        client.delete_package_versions().domain("acme").repository("team").format(PackageFormat::Generic);
    delete.namespace("ns").package("tool").versions("2").send().await.unwrap();
    running.ask("POST", "/_emulator/clock", r#"{"advance":"4h"}"#);
    let (before, moves) = clock(&running);
    running.signal("-KILL");
    running.ended();
    let running = Running::start(&arguments);
    let (now, kept) = clock(&running);
    assert!(now >= before && (kept, moves) == (1, 1), "{now} {kept} {moves}");
    // The clients sign with the machine's time.
    running.ask("POST", "/_emulator/clock", r#"{"advance":"-4h"}"#);
    let text = seen(&running).await;
    assert!(text.contains(r#"version: "1""#) && !text.contains(r#"version: "2""#), "{text}");
}

#[tokio::test]
async fn a_file_is_refused_when_it_is_no_state_or_another_ones_or_in_use() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let state = path("state");
    let mut running = Running::start(&["--state", &state]);
    fill(&running).await;
    let (code, said) = refused(&["--state", &state]);
    assert!(code == 1 && said.contains("another process uses it"), "{said}");
    running.signal("-TERM");
    running.ended();
    let (code, said) = refused(&["--state", &state, "--account", "210987654321"]);
    assert!(code == 1 && said.contains("--account 123456789012 --region us-east-1"), "{said}");
    let whole = std::fs::read(&state).unwrap();
    let zeros = vec![0; 100_000];
    let half = &whole[..whole.len() / 2];
    let damaged: &[(&str, &[u8])] = &[("text", b"This is no state.\n"), ("half", half), ("zeros", &zeros)];
    for (name, bytes) in damaged {
        let file = path(name);
        std::fs::write(&file, bytes).unwrap();
        let (code, said) = refused(&["--state", &file]);
        assert!(code == 1 && said.contains("is not a state that can be read"), "{name}: {said}");
        assert!(!said.contains("panicked"), "{name}: {said}");
        assert!(std::fs::read(&file).unwrap() == *bytes, "{name} was changed");
    }
    let (code, said) = refused(&["--state", &path("no/such/folder")]);
    assert!(code == 1 && said.contains("No such file"), "{said}");
    assert!(Path::new(&state).exists());
}

#[tokio::test]
async fn a_file_with_altered_bytes_reads_as_before_or_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let mut running = Running::start(&["--state", &path("state")]);
    fill(&running).await;
    let before = seen(&running).await;
    running.signal("-TERM");
    running.ended();
    let whole = std::fs::read(path("state")).unwrap();
    let used: Vec<_> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let mut refusals = 0;
    for at in used.iter().step_by(used.len() / 12 + 1) {
        let mut altered = whole.clone();
        altered[*at] ^= 0x55;
        std::fs::write(path("altered"), altered).unwrap();
        let started = Running::try_start(&["--state", &path("altered")]);
        match started {
            Ok(running) => assert_eq!(seen(&running).await, before, "byte {at}"),
            Err((code, said)) => {
                assert!(code == 1 && !said.contains("panicked"), "byte {at}: {said}");
                refusals += 1;
            }
        }
    }
    assert!(refusals > 0);
}
