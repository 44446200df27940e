//! What several kinds share: references, policies of management and conditions.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::KubeSchema;
use kube::core::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rules;

/// AWS tags, key to value.
pub type Tags = BTreeMap<String, String>;

/// The `AwsAccount` to work in.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AccountRef {
    /// Name of the AwsAccount.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub name: String,
}

impl Default for AccountRef {
    fn default() -> Self {
        Self { name: "default".into() }
    }
}

/// A reference to an object of this operator.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// Name of the object.
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub name: String,
    /// Namespace of the object; this object's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub namespace: Option<String>,
}

/// A domain by its AWS name.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DomainName {
    /// Name of the domain.
    #[schemars(length(min = 2, max = 50))]
    #[x_kube(validation = rules::domain_name())]
    pub name: String,
    /// Account that owns the domain, 12 digits; the AwsAccount's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::account_number())]
    pub owner: Option<String>,
}

/// A repository by its AWS names.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RepositoryName {
    /// Name of the domain.
    #[schemars(length(min = 2, max = 50))]
    #[x_kube(validation = rules::domain_name())]
    pub domain: String,
    /// Account that owns the domain, 12 digits; the AwsAccount's own when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::account_number())]
    pub owner: Option<String>,
    /// Name of the repository.
    #[schemars(length(min = 2, max = 100))]
    #[x_kube(validation = rules::repository_name())]
    pub name: String,
}

/// Whether the operator writes to AWS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// AWS is made to match.
    #[default]
    Enforce,
    /// AWS is never written; what Enforce would do is shown in the condition Drifted.
    Observe,
}

/// What to do with a resource that exists in AWS and carries no owner tag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AdoptionPolicy {
    /// Leave it alone and say so.
    #[default]
    Never,
    /// Take it over when nothing but our tag would change.
    IfIdentical,
    /// Take it over and make it as declared.
    Overwrite,
}

/// What happens in AWS when the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// The resource stays; only our owner tag goes.
    #[default]
    Retain,
    /// The resource is deleted.
    Delete,
}

/// How the operator manages a resource in AWS.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Management {
    /// The AwsAccount to work in.
    #[serde(default)]
    pub account_ref: AccountRef,
    /// Enforce makes AWS match; Observe never creates, tags, changes or deletes.
    #[serde(default)]
    pub mode: Mode,
    /// What to do when the resource exists in AWS and carries no owner tag. `Never`: leave it alone and say so. `IfIdentical`: take it over
    /// when nothing but our tag would change. `Overwrite`: take it over and make it as declared.
    #[serde(default)]
    pub adoption_policy: AdoptionPolicy,
    /// Stop looking at this object until it is false again.
    #[serde(default)]
    pub suspend: bool,
    /// How often AWS is checked for drift, such as 90m or 1h30m, from 1m to 24h; up to 10 % is added or taken at random.
    #[serde(default = "one_hour")]
    #[schemars(with = "String", length(max = 16), extend("default" = "1h"))]
    #[x_kube(validation = rules::duration(), validation = rules::duration_between("interval", "1m", "24h"))]
    pub interval: Duration,
}

impl Default for Management {
    fn default() -> Self {
        Self {
            account_ref: AccountRef::default(),
            mode: Mode::default(),
            adoption_policy: AdoptionPolicy::default(),
            suspend: false,
            interval: one_hour(),
        }
    }
}

fn one_hour() -> Duration {
    SignedDuration::from_hours(1).unsigned_abs().into()
}

/// The part of status that every kind has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommonStatus {
    /// The generation that the conditions speak of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Ready, and where they apply Reconciling, Stalled, Drifted and `DeletionBlocked`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
    /// The value of the annotation codeartifact-operator.dev/reconcile-at that was acted on last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}
