//! Permissions policies: put, get, delete, the lock on the revision, what is refused.

use crate::identities::{allow, resource_policy, user};
use crate::support::{ACCOUNT, control, create, refused, start, with_domain};
use serde_json::{Value, json};

const EVERYBODY: &str = "*";

#[tokio::test]
async fn a_domain_has_the_policy_that_was_put_last() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let get = || client.get_domain_permissions_policy().domain("acme").send();
    let put =
        |document: String| client.put_domain_permissions_policy().domain("acme").policy_document(document);
    refused(get().await, 404, "ResourceNotFoundException");

    let first = put(resource_policy("Allow", EVERYBODY, &json!("codeartifact:DescribeDomain"))).send().await;
    let first = first.unwrap().policy.unwrap();
    assert_eq!(first.resource_arn(), Some("arn:aws:codeartifact:us-east-1:123456789012:domain/acme"));
    let revision = first.revision().unwrap().to_owned();
    assert_eq!(get().await.unwrap().policy.unwrap().revision(), Some(revision.as_str()));

    let other = || resource_policy("Allow", EVERYBODY, &json!("codeartifact:ListPackageGroups"));
    refused(put(other()).policy_revision("stale").send().await, 409, "ConflictException");
    let second = put(other()).policy_revision(&revision).send().await.unwrap().policy.unwrap();
    assert_ne!(second.revision(), Some(revision.as_str()));
    let again = put(other()).send().await.unwrap().policy.unwrap();
    assert_ne!(again.revision(), second.revision(), "each put is a revision of its own");

    let delete = || client.delete_domain_permissions_policy().domain("acme");
    refused(delete().policy_revision(revision).send().await, 409, "ConflictException");
    let gone = delete().policy_revision(again.revision().unwrap()).send().await.unwrap().policy.unwrap();
    assert_eq!(gone.document(), again.document());
    refused(get().await, 404, "ResourceNotFoundException");
    refused(delete().send().await, 404, "ResourceNotFoundException");
    refused(put(other()).policy_revision("any").send().await, 409, "ConflictException");
}

#[tokio::test]
async fn a_repository_has_a_policy_of_its_own_which_goes_with_it() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    let get = || client.get_repository_permissions_policy().domain("acme").repository("team").send();
    let put = |document: String| {
        let put = client.put_repository_permissions_policy().domain("acme").repository("team");
        put.policy_document(document).send()
    };
    refused(get().await, 404, "ResourceNotFoundException");
    let policy = || resource_policy("Allow", EVERYBODY, &json!("codeartifact:ReadFromRepository"));
    let kept = put(policy()).await.unwrap().policy.unwrap();
    assert_eq!(kept.resource_arn(), Some("arn:aws:codeartifact:us-east-1:123456789012:repository/acme/team"));
    refused(
        client.get_domain_permissions_policy().domain("acme").send().await,
        404,
        "ResourceNotFoundException",
    );
    let stale = client.delete_repository_permissions_policy().domain("acme").repository("team");
    refused(stale.policy_revision("stale").send().await, 409, "ConflictException");
    assert_eq!(get().await.unwrap().policy.unwrap().document(), kept.document());

    client.delete_repository().domain("acme").repository("team").send().await.unwrap();
    refused(get().await, 404, "ResourceNotFoundException");
    create(&client, "team").await;
    refused(get().await, 404, "ResourceNotFoundException");
    put(policy()).await.unwrap();
    let delete = client.delete_repository_permissions_policy().domain("acme").repository("team");
    delete.send().await.unwrap();
    refused(get().await, 404, "ResourceNotFoundException");
}

#[tokio::test]
async fn the_document_of_a_domain_comes_back_in_its_normal_form() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    let sent = json!({
        "Statement": {
            "Action": ["codeartifact:ListPackageGroups", "codeartifact:DescribeDomain"],
            "Effect": "Allow", "Resource": ["*"], "Principal": { "AWS": ["444455556666"] },
        },
        "Version": "2012-10-17",
    });
    let put = client.put_domain_permissions_policy().domain("acme").policy_document(sent.to_string());
    let kept = put.send().await.unwrap().policy.unwrap();
    let expected = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::444455556666:root" },
            "Action": ["codeartifact:DescribeDomain", "codeartifact:ListPackageGroups"],
            "Resource": "*",
        }],
    });
    let document: Value = serde_json::from_str(kept.document().unwrap()).unwrap();
    assert_eq!(document, expected);
}

#[tokio::test]
async fn the_document_of_a_repository_comes_back_as_it_was_given() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    user(&emulator, ACCOUNT, "ann", allow(&json!("*"))).await;
    let given = r#"{"Statement": {"Effect":"Allow", "Principal": {"AWS": ["arn:aws:iam::123456789012:user/ann"]},
        "Action": ["codeartifact:ListRepositoriesInDomain", "codeartifact:CreateRepository"],
        "Resource": ["arn:aws:codeartifact:us-east-1:123456789012:domain/acme"]}, "Version": "2012-10-17"}"#;
    let put = client.put_repository_permissions_policy().domain("acme").repository("team");
    let kept = put.policy_document(given).send().await.unwrap().policy.unwrap();
    assert_eq!(kept.document(), Some(given));
    let get = client.get_repository_permissions_policy().domain("acme").repository("team");
    assert_eq!(get.clone().send().await.unwrap().policy.unwrap().document(), Some(given));
    // Whoever is gone is shown by the unique id.
    control(&emulator, "DELETE", "/principals?arn=arn:aws:iam::123456789012:user/ann", Value::Null).await;
    let shown = get.send().await.unwrap().policy.unwrap();
    let shown: Value = serde_json::from_str(shown.document().unwrap()).unwrap();
    let principal = shown["Statement"][0]["Principal"]["AWS"].as_str().unwrap();
    assert!(principal.starts_with("AIDA"), "{shown}");
    assert_eq!(shown["Statement"][0]["Action"][0], "codeartifact:CreateRepository");
}

#[tokio::test]
async fn malformed_documents_are_refused_and_change_nothing() {
    let emulator = start().await;
    let client = with_domain(&emulator).await;
    create(&client, "team").await;
    user(&emulator, ACCOUNT, "ann", allow(&json!("*"))).await;
    let statement = |name: &str, value: Value| {
        let mut statement =
            json!({ "Effect": "Allow", "Principal": "*", "Action": "codeartifact:*", "Resource": "*" });
        statement[name] = value;
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    let own = "arn:aws:codeartifact:us-east-1:123456789012";
    let ann = json!({ "AWS": "arn:aws:iam::123456789012:user/ann" });
    let put = |document: &str| {
        let put = client.put_repository_permissions_policy().domain("acme").repository("team");
        put.policy_document(document).send()
    };
    for document in [
        "{".to_owned(),
        "[]".into(),
        "\"text\"".into(),
        json!({ "Version": "2012-10-17", "Statement": [] }).to_string(),
        statement("Effect", json!("Maybe")),
        statement("Principal", Value::Null),
        statement("Principal", json!({ "AWS": "arn:aws:iam::123456789012:user/nobody" })),
        statement("Principal", json!({ "AWS": "somebody" })),
        statement("Action", json!("s3:GetObject")),
        statement("Action", json!("codeartifact:Bogus")),
        statement("Action", json!(["codeartifact:ReadFromRepository", "codeartifact:Bogus*"])),
        statement("NotAction", json!("codeartifact:Bogus")).replace(r#""Action":"codeartifact:*","#, ""),
        statement("Resource", json!(format!("{own}:domain/other"))),
        statement("Resource", json!(format!("{own}:repository/acme/other"))),
        statement("Condition", json!({ "StringMatches": { "aws:PrincipalOrgID": "o-1" } })),
        statement("Surplus", json!("x")),
    ] {
        let message = refused(put(&document).await, 400, "ValidationException");
        assert!(message.contains("policy document"), "{document}: {message}");
    }
    let long = statement("Sid", json!("x".repeat(7_168)));
    let message = refused(put(&long).await, 400, "ValidationException");
    assert!(message.contains("length less than or equal to 7168"), "{message}");
    let get = client.get_repository_permissions_policy().domain("acme").repository("team");
    refused(get.send().await, 404, "ResourceNotFoundException");
    for document in [
        statement("Principal", ann),
        statement("Resource", json!(format!("{own}:package/acme/team/npm/*"))),
        statement("Action", json!(["codeartifact:ReadFromRepository", "sts:GetServiceBearerToken"])),
        statement("Action", json!(["CodeArtifact:readFromRepository", "codeartifact:Describe*"])),
        // What never has an effect here.
        statement("Action", json!(["codeartifact:CreateRepository", "codeartifact:ListDomains"])),
        statement("Resource", json!(format!("{own}:domain/acme"))),
        statement("Resource", json!([format!("{own}:domain/a*"), format!("{own}:repository/acme/team")])),
    ] {
        put(&document).await.unwrap();
    }
}
