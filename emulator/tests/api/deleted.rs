//! Users and roles that are deleted, and made again under the same name.

use crate::access::{put_on_domain, put_on_repository};
use crate::data;
use crate::identities::{OTHER, allow, key, resource_policy, session, user};
use crate::support::{ACCOUNT, client_as, control, create, refused, start, sts_as, with_domain};
use aws_sdk_codeartifact::Client;
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;
use codeartifact_emulator::Emulator;
use serde_json::{Value, json};
use std::sync::Arc;

const ANN: &str = "arn:aws:iam::123456789012:user/ann";

#[tokio::test]
async fn a_user_who_is_gone_has_not_even_what_everybody_has() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "team").await;
    let everybody = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": "*", "Action": "codeartifact:*", "Resource": "*" }],
    });
    put_on_repository(&admin, everybody.to_string()).await;
    let ann = user(&emulator, ACCOUNT, "ann", allow(&json!("*"))).await;
    let token = data::token(&ann).await;
    let ping = async || data::get(&emulator, &token, ("npm", "team", "-/ping")).await.status();
    assert_eq!(ping().await, 200);
    control(&emulator, "DELETE", "/principals?arn=arn:aws:iam::123456789012:user/ann", Value::Null).await;
    let refused = data::get(&emulator, &token, ("npm", "team", "-/ping")).await;
    assert_eq!(refused.status(), 403);
    let said = String::from_utf8_lossy(refused.body()).into_owned();
    assert!(said.contains("because this identity no longer exists"), "{said}");
}

#[tokio::test]
async fn a_token_has_the_rights_of_its_principal_in_another_account() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "team").await;
    put_on_domain(&admin, resource_policy("Allow", OTHER, &json!("codeartifact:GetAuthorizationToken")))
        .await;
    let bob = user(&emulator, OTHER, "bob", allow(&json!("*"))).await;
    let token = data::token(&bob).await;
    let ping = async || data::get(&emulator, &token, ("npm", "team", "-/ping")).await.status();
    assert_eq!(ping().await, 403);
    put_on_repository(&admin, resource_policy("Allow", OTHER, &json!("codeartifact:ReadFromRepository")))
        .await;
    assert_eq!(ping().await, 200);
    control(&emulator, "DELETE", "/principals?arn=arn:aws:iam::444455556666:user/bob", Value::Null).await;
    assert_eq!(ping().await, 403, "the user is gone, and what the token could do with it");
}

async fn delete(emulator: &Emulator, arn: &str) {
    control(emulator, "DELETE", &format!("/principals?arn={arn}"), Value::Null).await;
}

async fn user_id(emulator: &Arc<Emulator>, name: &str) -> String {
    sts_as(emulator, key(name)).get_caller_identity().send().await.unwrap().user_id.unwrap()
}

#[tokio::test]
async fn whoever_gets_the_name_of_a_deleted_user_is_somebody_else() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "team").await;
    let everything = || allow(&json!("*"));
    let ann = user(&emulator, ACCOUNT, "ann", everything()).await;
    let (token, id) = (data::token(&ann).await, user_id(&emulator, "ann").await);
    let ping = async |token: &str| data::get(&emulator, token, ("npm", "team", "-/ping")).await.status();
    assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
    user(&emulator, ACCOUNT, "ann", everything()).await;
    assert_eq!(user_id(&emulator, "ann").await, id, "a user who is put again is the same one");
    assert_eq!(ping(&token).await, 200);
    delete(&emulator, ANN).await;
    let ann = user(&emulator, ACCOUNT, "ann", everything()).await;
    assert_ne!(user_id(&emulator, "ann").await, id);
    assert_eq!(ping(&token).await, 403);
    assert_eq!(ping(&data::token(&ann).await).await, 200);
}

#[tokio::test]
async fn a_policy_goes_on_to_mean_who_was_deleted() {
    let emulator = start().await;
    let admin = with_domain(&emulator).await;
    create(&admin, "team").await;
    let nothing = || allow(&json!("s3:*"));
    let ann = user(&emulator, ACCOUNT, "ann", nothing()).await;
    let id = user_id(&emulator, "ann").await;
    let grant = || resource_policy("Allow", ANN, &json!("codeartifact:Describe*"));
    put_on_domain(&admin, grant()).await;
    put_on_repository(&admin, grant()).await;
    let domain = |client: &Client| client.describe_domain().domain("acme").send();
    let repository = |client: &Client| client.describe_repository().domain("acme").repository("team").send();
    domain(&ann).await.unwrap();
    delete(&emulator, ANN).await;
    let ann = user(&emulator, ACCOUNT, "ann", nothing()).await;
    refused(domain(&ann).await, 403, "AccessDeniedException");
    refused(repository(&ann).await, 403, "AccessDeniedException");
    let kept = admin.get_domain_permissions_policy().domain("acme").send().await.unwrap().policy.unwrap();
    let document = kept.document().unwrap();
    assert!(document.contains(&format!(r#""Principal":{{"AWS":"{id}"}}"#)), "{document}");
    let put = admin.put_domain_permissions_policy().domain("acme").policy_document(document);
    let message = refused(put.send().await, 400, "ValidationException");
    assert!(message.contains("Invalid principal in policy"), "{message}");
    put_on_repository(&admin, grant()).await;
    repository(&ann).await.unwrap();
    refused(domain(&ann).await, 403, "AccessDeniedException");
}

#[tokio::test]
async fn a_role_goes_on_to_trust_who_was_deleted_and_does_not_come_back_with_its_sessions() {
    let emulator = start().await;
    let role = "arn:aws:iam::123456789012:role/ci";
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "AWS": ANN }, "Action": "sts:AssumeRole",
    }});
    let put_role = || control(&emulator, "PUT", "/principals", json!({ "roleArn": role, "trust": trust }));
    user(&emulator, ACCOUNT, "ann", allow(&json!("*"))).await;
    put_role().await;
    let assume =
        || sts_as(&emulator, key("ann")).assume_role().role_arn(role).role_session_name("one").send();
    let first = assume().await.unwrap();
    let session = client_as(&emulator, session(first.credentials().unwrap()));
    session.list_domains().send().await.unwrap();
    delete(&emulator, role).await;
    put_role().await;
    refused(session.list_domains().send().await, 403, "UnrecognizedClientException");
    let second = assume().await.unwrap();
    let id = |assumed: &AssumeRoleOutput| assumed.assumed_role_user().unwrap().assumed_role_id().to_owned();
    assert!(id(&first).starts_with("AROA") && id(&first).ends_with(":one"), "{}", id(&first));
    assert_ne!(id(&first), id(&second));
    delete(&emulator, ANN).await;
    user(&emulator, ACCOUNT, "ann", allow(&json!("*"))).await;
    refused(assume().await, 403, "AccessDenied");
    put_role().await;
    assume().await.unwrap();
}
