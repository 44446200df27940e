//! Domain: a CodeArtifact domain.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CommonStatus, DeletionPolicy, Identity, Management, Tags, rules};

/// A CodeArtifact domain.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "codeartifact-operator.dev",
    version = "v1alpha1",
    kind = "Domain",
    namespaced,
    shortname = "cadom",
    category = "codeartifact",
    status = "DomainStatus",
    derive = "PartialEq",
    doc = "A CodeArtifact domain: the place where repositories live and packages are stored once.",
    printcolumn(name = "Domain", type_ = "string", json_path = ".status.identity.domain"),
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].reason"#),
    printcolumn(name = "ARN", type_ = "string", json_path = ".status.arn", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Drifted",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Drifted")].status"#,
        priority = 1
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    ),
    validation = Rule::new("has(self.spec.name) || self.metadata.name.matches('^[a-z][a-z0-9-]{0,48}[a-z0-9]$')").message("metadata.name cannot be the name of a domain, which has 2 to 50 lower-case letters, digits and -, begins with a letter and does not end with -; set spec.name"),
    validation = rules::name_stays()
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.owner) == has(oldSelf.owner) && (!has(self.owner) || self.owner == oldSelf.owner)", "owner is immutable; delete this object and make a new one"),
    validation = ("has(self.encryptionKey) == has(oldSelf.encryptionKey) && (!has(self.encryptionKey) || self.encryptionKey == oldSelf.encryptionKey)", "encryptionKey is immutable: AWS fixes it when the domain is created; where there is no domain yet, delete this object and make a new one"))]
pub struct DomainSpec {
    /// How the operator manages the domain.
    #[serde(flatten)]
    pub management: Management,
    /// What happens in AWS when this object is deleted. `Retain`: the domain stays, without our owner tag. `Delete`: the domain is deleted, as
    /// soon as AWS lists no repository in it.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// Name of the domain; metadata.name when left out. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 50))]
    #[x_kube(validation = rules::domain_name())]
    pub name: Option<String>,
    /// Account that owns the domain, 12 digits; the AwsAccount's own when left out. Another account's domain can only be observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::account_number())]
    pub owner: Option<String>,
    /// KMS key by id, ARN or alias, used when the domain is created; AWS's own key when left out. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1011), regex(pattern = r"^\S+$"))]
    pub encryption_key: Option<String>,
    /// Tags of the domain. Tags that other tools set stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 29, "additionalProperties" = {"type": "string", "maxLength": 256}))]
    #[x_kube(validation = ("self.all(k, size(k) >= 1 && size(k) <= 128)", "a tag key has 1 to 128 characters"),
        validation = ("self.all(k, !k.startsWith('aws:') && !k.startsWith('codeartifact-operator.dev/'))", "tag keys under aws: and codeartifact-operator.dev/ are reserved"))]
    pub tags: Tags,
}

/// What the operator found in AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DomainStatus {
    /// What every kind reports.
    #[serde(flatten)]
    pub common: CommonStatus,
    /// What AWS calls it; pinned before the first write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// ARN of the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Account that owns the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// ARN of the KMS key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_key: Option<String>,
    /// The bucket of AWS that holds the assets; for gateway endpoint policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_bucket_arn: Option<String>,
    /// When AWS created the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_time: Option<Timestamp>,
    /// The tag keys that this object set, and so may change or remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tag_keys: Vec<String>,
}
