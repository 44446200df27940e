//! KMS keys that are declared, and what domains may then be encrypted with.

use crate::support::{ACCOUNT, client, control, start, try_control};
use aws_sdk_codeartifact::operation::create_domain::CreateDomainError;
use aws_sdk_codeartifact::types::ValidationExceptionReason;
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
    assert_eq!(listed, json!([{ "arn": arn, "aliases": ["alias/c"] }]));
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
