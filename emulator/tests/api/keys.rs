//! KMS keys that are declared, and what domains may then be encrypted with.

use crate::data;
use crate::support::{ACCOUNT, client, control, create, refused, send, start, try_control};
use aws_sdk_codeartifact::operation::create_domain::CreateDomainError;
use aws_sdk_codeartifact::types::{PackageFormat, ValidationExceptionReason};
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
const UNKNOWN: &str = "99999999-12ab-34cd-56ef-1234567890ab";

#[tokio::test]
async fn with_keys_declared_no_other_key_exists() {
    let emulator = start().await;
    let client = client(&emulator);
    let foreign = format!("arn:aws:kms:us-east-1:210987654321:key/{ID}");
    for key in [json!({ "key": ID, "aliases": ["alias/team"] }), json!({ "key": foreign })] {
        control(&emulator, "PUT", "/keys", key).await;
    }
    let own = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{ID}");
    let alias = format!("arn:aws:kms:us-east-1:{ACCOUNT}:alias/team");
    let usual = "arn:aws:kms:us-east-1:123456789012:alias/aws/codeartifact";
    for (at, (named, arn)) in [
        (Some(ID), Some(own.as_str())),
        (Some(&own), Some(&own)),
        (Some("alias/team"), Some(&own)),
        (Some(&alias), Some(&own)),
        (Some(&foreign), Some(&foreign)),
        (None, None),
        (Some(usual), None),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("domain-{at}");
        let create = client.create_domain().domain(&name).set_encryption_key(named.map(str::to_owned));
        create.send().await.unwrap();
        let described = client.describe_domain().domain(&name).send().await.unwrap();
        let told = described.domain().unwrap().encryption_key().unwrap().to_owned();
        match arn {
            Some(arn) => assert_eq!(told, arn, "{named:?}"),
            None => assert!(told.starts_with("arn:aws:kms:us-east-1:123456789012:key/"), "{told}"),
        }
    }
    for named in [UNKNOWN, "alias/other", "aws/codeartifact", &foreign.replace(ID, UNKNOWN)] {
        let error = client.create_domain().domain("acme").encryption_key(named).send().await.unwrap_err();
        let CreateDomainError::ValidationException(error) = error.into_service_error() else {
            panic!("{named}")
        };
        assert_eq!(error.reason(), Some(&ValidationExceptionReason::EncryptionKeyError), "{named}");
        assert_eq!(error.message(), format!("KMS key not found: {named}"));
    }
}

#[tokio::test]
async fn keys_are_listed_changed_and_deleted() {
    let emulator = start().await;
    let client = client(&emulator);
    assert_eq!(control(&emulator, "GET", "/keys", Value::Null).await, json!([]));
    control(&emulator, "PUT", "/keys", json!({ "key": ID, "aliases": ["alias/b", "alias/a"] })).await;
    control(&emulator, "PUT", "/keys", json!({ "key": ID, "aliases": ["alias/c"] })).await;
    let arn = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{ID}");
    let listed = control(&emulator, "GET", "/keys", Value::Null).await;
    assert_eq!(listed, json!([{ "arn": arn, "aliases": ["alias/c"], "enabled": true }]));
    assert!(client.create_domain().domain("acme").encryption_key("alias/b").send().await.is_err());
    for (method, path, body, status) in [
        ("PUT", "/keys", json!({ "key": UNKNOWN, "aliases": ["alias/c"] }), 409),
        ("PUT", "/keys", json!({ "key": "team" }), 400),
        ("PUT", "/keys", json!({ "key": ID, "aliases": ["c"] }), 400),
        ("PUT", "/keys", json!({ "key": ID, "alias": "alias/c" }), 400),
        ("DELETE", "/keys", Value::Null, 400),
        ("DELETE", &format!("/keys?arn={}", arn.replace(ID, UNKNOWN)), Value::Null, 404),
        ("DELETE", &format!("/keys?arn={arn}"), Value::Null, 204),
    ] {
        let (seen, answer) = try_control(&emulator, method, path, body).await;
        assert_eq!(seen, status, "{method} {path} {answer}");
    }
    client.create_domain().domain("acme").encryption_key("alias/b").send().await.unwrap();
}

#[tokio::test]
async fn what_was_encrypted_with_a_lost_key_is_read_no_more() {
    let emulator = start().await;
    let client = client(&emulator);
    let arn = format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/{ID}");
    control(&emulator, "PUT", "/keys", json!({ "key": ID })).await;
    control(&emulator, "PUT", "/keys", json!({ "key": UNKNOWN })).await;
    let tarball = ("npm", "store", "left-pad/-/left-pad-1.0.0.tgz");
    let packages = json!([{ "name": "left-pad", "version": "1.0.0" }]);
    control(&emulator, "PUT", "/seed", json!({ "connection": "public:npmjs", "packages": packages })).await;
    client.create_domain().domain("acme").encryption_key(ID).send().await.unwrap();
    create(&client, "store").await;
    let connect = client.associate_external_connection().domain("acme").repository("store");
    connect.external_connection("public:npmjs").send().await.unwrap();
    let token = data::token(&client).await;
    let asset = async || {
        let asset = client.get_package_version_asset().domain("acme").repository("store");
        let asset = asset.format(PackageFormat::Npm).package("left-pad").package_version("1.0.0");
        asset.asset("package.tgz").send().await
    };
    let reads = async |are_answered: bool| {
        let answer = data::get(&emulator, &token, tarball).await;
        assert_eq!(answer.status(), if are_answered { 200 } else { 400 });
        // What is told of a version is no asset.
        assert_eq!(data::get(&emulator, &token, ("npm", "store", "left-pad")).await.status(), 200);
        if are_answered {
            asset().await.unwrap();
        } else {
            let told = refused(asset().await, 400, "ValidationException");
            assert_eq!(told, format!("KMS key not found: {arn}"));
        }
    };
    reads(true).await;
    control(&emulator, "PUT", "/keys", json!({ "key": ID, "enabled": false })).await;
    reads(false).await;
    let create = client.create_domain().domain("other").encryption_key(ID).send().await;
    assert_eq!(refused(create, 400, "ValidationException"), format!("KMS key not found: {ID}"));
    control(&emulator, "PUT", "/keys", json!({ "key": ID })).await;
    reads(true).await;
    control(&emulator, "DELETE", &format!("/keys?arn={arn}"), Value::Null).await;
    reads(false).await;
    let described = client.describe_domain().domain("acme").send().await.unwrap();
    assert_eq!(described.domain().unwrap().encryption_key(), Some(arn.as_str()));
}

#[tokio::test]
async fn a_build_that_its_snapshot_stands_in_for_is_no_exception() {
    const BUILD: &str = "1.0-20210728.194552-1";
    let emulator = start().await;
    let client = client(&emulator);
    control(&emulator, "PUT", "/keys", json!({ "key": ID })).await;
    client.create_domain().domain("acme").encryption_key(ID).send().await.unwrap();
    create(&client, "team").await;
    let token = data::token(&client).await;
    let file = format!("org/acme/widgets/1.0-SNAPSHOT/widgets-{BUILD}.jar");
    let metadata = format!(
        "<metadata><groupId>org.acme</groupId><artifactId>widgets</artifactId><version>1.0-SNAPSHOT</version>\
         <versioning><snapshot><timestamp>20210728.194552</timestamp><buildNumber>1</buildNumber></snapshot>\
         <snapshotVersions><snapshotVersion><extension>jar</extension><value>{BUILD}</value>\
         </snapshotVersion></snapshotVersions></versioning></metadata>"
    );
    for (path, body) in
        [(&*file, "jar".to_owned()), ("org/acme/widgets/1.0-SNAPSHOT/maven-metadata.xml", metadata)]
    {
        let request = Request::put(format!("/maven/d/acme-{ACCOUNT}/team/{path}"))
            .header("host", "emulator")
            .header("authorization", format!("Bearer {token}"));
        let answer = send(&emulator, request.body(Full::new(body.into())).unwrap()).await;
        assert_eq!(answer.status(), 200, "{path} {:?}", answer.body());
    }
    let delete = client.delete_package_versions().domain("acme").repository("team");
    let delete = delete.format(PackageFormat::Maven).namespace("org.acme").package("widgets");
    assert!(delete.versions(BUILD).send().await.unwrap().failed_versions().unwrap().is_empty());
    for (enabled, status) in [(true, 200), (false, 400)] {
        control(&emulator, "PUT", "/keys", json!({ "key": ID, "enabled": enabled })).await;
        let answer = data::get(&emulator, &token, ("maven", "team", &file)).await;
        assert_eq!(answer.status(), status, "{enabled}");
    }
}
