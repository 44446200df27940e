//! What the operator says about a login.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::CommonStatus;

/// What the operator did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegistryCredentialStatus {
    /// What every kind reports.
    #[serde(flatten)]
    pub common: CommonStatus,
    /// The Secret that holds the files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
    /// The operator's last write to that Secret. The operator compares the Secret with this write, to see whether anybody else has
    /// written to the Secret since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_secret_write: Option<SecretWrite>,
    /// The tokens in it, the one that ends first before the others; never their text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenStatus>,
    /// While renewals fail: 50, 25 or 10, the percent of `renewBefore` that the life left of a token has fallen under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub life_left_below_percent: Option<u8>,
    /// The value of the annotation codeartifact-operator.dev/renew-at that was acted on last. A new value asks for a new token; a token
    /// that is younger than 5 minutes is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_renew_at: Option<String>,
}

/// A write of the operator to a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretWrite {
    /// metadata.uid of the Secret.
    pub uid: String,
    /// metadata.resourceVersion of the Secret after the write.
    pub resource_version: String,
}

/// The ServiceAccount whose role minted a token. One that was made anew under the name is another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenServiceAccount {
    /// Name of the ServiceAccount.
    pub name: String,
    /// metadata.uid of the ServiceAccount.
    pub uid: String,
}

/// A token, without its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenStatus {
    /// The domain that it is for.
    pub domain: String,
    /// Account that owns the domain.
    pub owner: String,
    /// The AwsAccount under whose grant it was minted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The role that minted it, where the grant named one, or a ServiceAccount has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// The ServiceAccount whose role minted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<TokenServiceAccount>,
    /// When it was minted.
    #[schemars(with = "String")]
    pub issued_at: Timestamp,
    /// When it stops working.
    #[schemars(with = "String")]
    pub expires_at: Timestamp,
    /// When it is renewed: as long before its end as `renewBefore` says, and before that 5 % of its life, at least 2 minutes, for the
    /// renewal itself, and up to 5 % more, which differ from token to token. At 12 h that is 36 to 72 minutes before `renewBefore` asks
    /// for it. It is renewed earlier if a login that shares the token asks for more.
    #[schemars(with = "String")]
    pub renews_at: Timestamp,
}
