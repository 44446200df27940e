//! The AWS SDK for Rust speaks every operation: what it sends is understood, and what comes back says what was done.

use crate::support::{ACCOUNT, start};
use crate::versions::publish_npm;
use aws_sdk_codeartifact::Client;
use aws_sdk_codeartifact::primitives::ByteStream;
use aws_sdk_codeartifact::types::{
    PackageFormat, PackageGroupAllowedRepository, PackageGroupOriginRestrictionMode,
    PackageGroupOriginRestrictionType, PackageOriginRestrictions, PackageVersionStatus, Tag,
    UpstreamRepository,
};
use codeartifact_emulator::Emulator;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Action":"codeartifact:ReadFromRepository","Resource":"*"}]}"#;

/// How many operations the service has.
const OPERATIONS: usize = 48;

#[tokio::test]
async fn the_sdk_speaks_every_operation() {
    let emulator = start().await;
    let client = crate::support::client(&emulator);
    domain(&client).await;
    repositories(&client).await;
    groups(&client).await;
    packages(&client).await;
    versions(&client).await;
    publish_with_npm(&emulator, &client).await;
    told_by_the_manifest(&client).await;
    removal(&client).await;
    let mut journal = emulator.journal(0);
    journal.retain(|call| call.service == "codeartifact");
    assert!(journal.iter().all(|call| call.status == Some(200)), "{journal:#?}");
    let called: BTreeSet<_> = journal.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(called.len(), OPERATIONS, "{called:?}");
    println!("operations through the AWS SDK for Rust: {}/{OPERATIONS}", called.len());
}

async fn domain(client: &Client) {
    let made = client.create_domain().domain("acme").encryption_key("alias/acme").send().await.unwrap();
    let made = made.domain().unwrap();
    let arn = made.arn().unwrap();
    assert_eq!((made.name(), made.owner()), (Some("acme"), Some(ACCOUNT)));
    let described = client.describe_domain().domain("acme").send().await.unwrap();
    assert_eq!(described.domain().unwrap().encryption_key(), made.encryption_key());
    let listed = client.list_domains().send().await.unwrap();
    assert_eq!(listed.domains()[0].arn(), Some(arn));
    let token = client.get_authorization_token().domain("acme").duration_seconds(900).send().await.unwrap();
    assert!(token.authorization_token().is_some() && token.expiration().is_some());
    let tag = Tag::builder().key("team").value("a").build().unwrap();
    client.tag_resource().resource_arn(arn).tags(tag).send().await.unwrap();
    let tags = client.list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    assert_eq!((tags.tags()[0].key(), tags.tags()[0].value()), ("team", "a"));
    client.untag_resource().resource_arn(arn).tag_keys("team").send().await.unwrap();

    let put = client.put_domain_permissions_policy().domain("acme").policy_document(POLICY);
    let revision = put.send().await.unwrap().policy().unwrap().revision().unwrap().to_owned();
    let got = client.get_domain_permissions_policy().domain("acme").send().await.unwrap();
    assert_eq!(got.policy().unwrap().revision(), Some(revision.as_str()));
    let gone = client.delete_domain_permissions_policy().domain("acme").policy_revision(revision);
    assert_eq!(gone.send().await.unwrap().policy().unwrap().resource_arn(), Some(arn));
}

async fn repositories(client: &Client) {
    for name in ["store", "team"] {
        crate::support::create(client, name).await;
    }
    let here = |name: &str| name.to_owned();
    let connect = client.associate_external_connection().domain("acme").repository("store");
    let connected = connect.external_connection("public:npmjs").send().await.unwrap();
    assert_eq!(connected.repository().unwrap().external_connections().len(), 1);
    let disconnect = client.disassociate_external_connection().domain("acme").repository("store");
    let disconnected = disconnect.external_connection("public:npmjs").send().await.unwrap();
    assert!(disconnected.repository().unwrap().external_connections().is_empty());
    let upstream = UpstreamRepository::builder().repository_name("store").build().unwrap();
    let update = client.update_repository().domain("acme").repository("team").description("for all");
    update.upstreams(upstream).send().await.unwrap();
    let team = client.describe_repository().domain("acme").repository("team").send().await.unwrap();
    let team = team.repository().unwrap();
    assert_eq!((team.description(), team.upstreams().len()), (Some("for all"), 1));
    let all = client.list_repositories().repository_prefix("te").send().await.unwrap();
    assert_eq!(all.repositories()[0].name(), Some("team"));
    let inside = client.list_repositories_in_domain().domain("acme").send().await.unwrap();
    let names: Vec<_> = inside.repositories().iter().filter_map(|one| one.name().map(here)).collect();
    assert_eq!(names, ["store", "team"]);
    let endpoint = client.get_repository_endpoint().domain("acme").repository("team");
    let endpoint = endpoint.format(PackageFormat::Npm).send().await.unwrap();
    assert!(endpoint.repository_endpoint().unwrap().ends_with("/team/"));
    let arn = team.arn().unwrap();
    repository_policy(client, arn).await;
}

async fn repository_policy(client: &Client, arn: &str) {
    let put = client.put_repository_permissions_policy().domain("acme").repository("team");
    let put = put.policy_document(POLICY).send().await.unwrap();
    let get = client.get_repository_permissions_policy().domain("acme").repository("team");
    let got = get.send().await.unwrap();
    assert_eq!(got.policy().unwrap().revision(), put.policy().unwrap().revision());
    let delete = client.delete_repository_permissions_policy().domain("acme").repository("team");
    assert_eq!(delete.send().await.unwrap().policy().unwrap().resource_arn(), Some(arn));
}

async fn groups(client: &Client) {
    let pattern = "/generic/acme/*";
    let create = client.create_package_group().domain("acme").package_group(pattern);
    let made = create.contact_info("team a").send().await.unwrap();
    assert_eq!(made.package_group().unwrap().pattern(), Some(pattern));
    let update = client.update_package_group().domain("acme").package_group(pattern);
    update.description("ours").send().await.unwrap();
    let publish = PackageGroupOriginRestrictionType::Publish;
    let allowed = PackageGroupAllowedRepository::builder();
    let allowed = allowed.repository_name("team").origin_restriction_type(publish.clone()).build();
    let update = client.update_package_group_origin_configuration().domain("acme").package_group(pattern);
    let update = update
        .restrictions(publish.clone(), PackageGroupOriginRestrictionMode::AllowSpecificRepositories)
        .add_allowed_repositories(allowed);
    assert!(update.send().await.unwrap().allowed_repository_updates().is_some());
    let described =
        client.describe_package_group().domain("acme").package_group(pattern).send().await.unwrap();
    let group = described.package_group().unwrap();
    assert_eq!((group.contact_info(), group.description()), (Some("team a"), Some("ours")));
    assert_eq!(group.parent().unwrap().pattern(), Some("/*"));
    let listed = client.list_package_groups().domain("acme").send().await.unwrap();
    assert_eq!(listed.package_groups().len(), 2);
    let below = client.list_sub_package_groups().domain("acme").package_group("/*").send().await.unwrap();
    assert_eq!(below.package_groups()[0].pattern(), Some(pattern));
    let allowed = client.list_allowed_repositories_for_group().domain("acme").package_group(pattern);
    let allowed = allowed.origin_restriction_type(publish).send().await.unwrap();
    assert_eq!(allowed.allowed_repositories(), ["team"]);
    let of = client.get_associated_package_group().domain("acme").format(PackageFormat::Generic);
    let of = of.namespace("acme").package("tool").send().await.unwrap();
    assert_eq!(of.package_group().unwrap().pattern(), Some(pattern));
}

/// A request about the package, with the members that all of them have.
macro_rules! of_package {
    ($request:expr) => {
        $request
            .domain("acme")
            .repository("team")
            .format(PackageFormat::Generic)
            .namespace("acme")
            .package("tool")
    };
}

async fn packages(client: &Client) {
    for (version, unfinished) in [("1.0.0", false), ("2.0.0", false), ("3.0.0", true)] {
        let content = b"bytes";
        let publish = of_package!(client.publish_package_version())
            .package_version(version)
            .asset_name("tool.bin")
            .unfinished(unfinished);
        let publish = publish.asset_sha256(hex::encode(Sha256::digest(content)));
        let done = publish.asset_content(ByteStream::from_static(content)).send().await.unwrap();
        assert_eq!(done.asset().unwrap().size(), Some(5));
    }
    let restrictions = PackageOriginRestrictions::builder().publish("ALLOW".into()).upstream("BLOCK".into());
    let put = of_package!(client.put_package_origin_configuration())
        .restrictions(restrictions.build().unwrap())
        .send()
        .await
        .unwrap();
    let stored = put.origin_configuration().unwrap().restrictions().unwrap();
    assert_eq!(stored.upstream().as_str(), "BLOCK");
    let described = of_package!(client.describe_package());
    assert_eq!(described.send().await.unwrap().package().unwrap().name(), Some("tool"));
    let listed = client.list_packages().domain("acme").repository("team").send().await.unwrap();
    assert_eq!(listed.packages()[0].package(), Some("tool"));
    let associated = client.list_associated_packages().domain("acme").package_group("/generic/acme/*");
    assert_eq!(associated.send().await.unwrap().packages()[0].package(), Some("tool"));
}

async fn versions(client: &Client) {
    let described =
        of_package!(client.describe_package_version()).package_version("1.0.0").send().await.unwrap();
    assert_eq!(described.package_version().unwrap().status(), Some(&PackageVersionStatus::Published));
    let listed = of_package!(client.list_package_versions()).send().await.unwrap();
    assert_eq!(listed.versions().len(), 3);
    let assets =
        of_package!(client.list_package_version_assets()).package_version("1.0.0").send().await.unwrap();
    assert_eq!(assets.assets()[0].name(), "tool.bin");
    let asset = of_package!(client.get_package_version_asset())
        .package_version("1.0.0")
        .asset("tool.bin")
        .send()
        .await
        .unwrap();
    assert_eq!((asset.asset_name(), asset.package_version()), (Some("tool.bin"), Some("1.0.0")));
    assert_eq!(&asset.asset.collect().await.unwrap().into_bytes()[..], b"bytes");
    let copy = client.copy_package_versions().domain("acme").format(PackageFormat::Generic);
    let copy = copy.namespace("acme").package("tool").versions("2.0.0");
    let copied = copy.source_repository("team").destination_repository("store").send().await.unwrap();
    assert!(copied.successful_versions().unwrap().contains_key("2.0.0"), "{copied:?}");
    let update = of_package!(client.update_package_versions_status()).versions("1.0.0");
    let updated = update.target_status(PackageVersionStatus::Archived).send().await.unwrap();
    assert_eq!(
        updated.successful_versions().unwrap()["1.0.0"].status(),
        Some(&PackageVersionStatus::Archived)
    );
    let disposed = of_package!(client.dispose_package_versions()).versions("1.0.0").send().await.unwrap();
    assert_eq!(
        disposed.successful_versions().unwrap()["1.0.0"].status(),
        Some(&PackageVersionStatus::Disposed)
    );
    let deleted = of_package!(client.delete_package_versions()).versions("1.0.0").send().await.unwrap();
    assert_eq!(
        deleted.successful_versions().unwrap()["1.0.0"].status(),
        Some(&PackageVersionStatus::Deleted)
    );
}

/// A package with a readme and a dependency, which generic packages do not have.
async fn publish_with_npm(emulator: &Emulator, client: &Client) {
    let manifest = json!({ "name": "tool", "version": "1.0.0", "readme": "# Tool", "dependencies": { "left-pad": "^1.0.0" } });
    assert_eq!(publish_npm(emulator, client, "team", manifest).await, 200);
}

async fn told_by_the_manifest(client: &Client) {
    let readme = client.get_package_version_readme().domain("acme").repository("team");
    let readme =
        readme.format(PackageFormat::Npm).package("tool").package_version("1.0.0").send().await.unwrap();
    assert_eq!(readme.readme(), Some("# Tool"));
    let list = client.list_package_version_dependencies().domain("acme").repository("team");
    let list = list.format(PackageFormat::Npm).package("tool").package_version("1.0.0").send().await.unwrap();
    let dependency = &list.dependencies()[0];
    assert_eq!((dependency.package(), dependency.version_requirement()), (Some("left-pad"), Some("^1.0.0")));
}

async fn removal(client: &Client) {
    of_package!(client.delete_package()).send().await.unwrap();
    client.delete_package_group().domain("acme").package_group("/generic/acme/*").send().await.unwrap();
    for name in ["team", "store"] {
        client.delete_repository().domain("acme").repository(name).send().await.unwrap();
    }
    client.delete_domain().domain("acme").send().await.unwrap();
}
