//! Users and roles that are deleted, and made again under the same name.

use crate::access::put_on_repository;
use crate::data;
use crate::identities::{allow, user};
use crate::support::{ACCOUNT, control, create, start, with_domain};
use serde_json::{Value, json};

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
