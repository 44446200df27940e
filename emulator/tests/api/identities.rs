//! Users and roles for tests about who may do what.

use crate::support::{client_as, control};
use aws_credential_types::Credentials;
use aws_sdk_codeartifact::Client;
use codeartifact_emulator::Emulator;
use serde_json::{Value, json};
use std::sync::Arc;

/// An account that is not the emulator's own.
pub(crate) const OTHER: &str = "444455556666";

/// A policy of one statement for everything.
pub(crate) fn allow(actions: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": actions, "Resource": "*" } })
}

/// A user with a key of its own name, signed in.
pub(crate) async fn user(emulator: &Arc<Emulator>, account: &str, name: &str, policy: Value) -> Client {
    user_with(emulator, account, name, json!({ "policy": policy })).await
}

/// The same with more than a policy.
pub(crate) async fn user_with(emulator: &Arc<Emulator>, account: &str, name: &str, more: Value) -> Client {
    let mut body = json!({
        "accessKeyId": name, "secretAccessKey": name, "arn": format!("arn:aws:iam::{account}:user/{name}"),
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    control(emulator, "PUT", "/principals", body).await;
    client_as(emulator, key(name))
}

pub(crate) fn key(name: &str) -> Credentials {
    Credentials::new(name, name, None, None, "test")
}

/// The credentials of an assumed role.
pub(crate) fn session(credentials: &aws_sdk_sts::types::Credentials) -> Credentials {
    Credentials::new(
        credentials.access_key_id(),
        credentials.secret_access_key(),
        Some(credentials.session_token().into()),
        None,
        "test",
    )
}

/// The policy of a domain or repository with one statement for everything in it.
pub(crate) fn resource_policy(effect: &str, principal: &str, actions: &Value) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": effect, "Principal": { "AWS": principal }, "Action": actions, "Resource": "*" }],
    })
    .to_string()
}
