//! RegistryCredential: a Secret that always holds a valid login.

mod registry;
mod secret;
mod service_account;
mod status;
mod token;

pub use registry::{EndpointType, Format, Registry};
pub use secret::{SecretAdoption, SecretSettings};
pub use service_account::ServiceAccountRef;
pub use status::{RegistryCredentialStatus, SecretWrite, TokenServiceAccount, TokenStatus};
pub use token::TokenSettings;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::AccountRef;

/// A Secret in this namespace that always holds a valid login for some registries.
///
/// The Secret has the files of each format, `username` (`aws`), `expiration` (RFC 3339) and `expires_at` (Unix seconds). When all
/// registries are in one domain, under one AwsAccount, it also has the plain keys `token` and `password` (the same). With several domains
/// or AwsAccounts there are several tokens, each under `token-<domain>-<owner>`, and `expiration` is that of the token which ends first. `endpoint-<format>` holds
/// the address that tools of a package format install from, for each of the service's formats (npm, pypi, maven, nuget, generic, ruby,
/// swift, cargo); `publish-pypi` and `publish-ruby` hold the address to publish to where it is another one. With several registries the
/// address is that of the registry that asks for the format's file and has no scope, or else of the first.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "codeartifact-operator.dev",
    version = "v1alpha1",
    kind = "RegistryCredential",
    namespaced,
    shortname = "cacred",
    category = "codeartifact",
    status = "RegistryCredentialStatus",
    derive = "PartialEq",
    doc = "Registries, and the Secret in this namespace that always holds a valid login for them.",
    printcolumn(name = "Secret", type_ = "string", json_path = ".status.secretName"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(
        name = "Reason",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Expires", type_ = "string", json_path = ".status.tokens[0].expiresAt"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
pub struct RegistryCredentialSpec {
    /// The AwsAccount to sign in to, for every registry that names no other one.
    #[serde(default)]
    pub account_ref: AccountRef,
    /// Mint as the IAM role of a ServiceAccount of this namespace, which its annotation `eks.amazonaws.com/role-arn` names. The
    /// administrator lists the ServiceAccount in the values of the chart (`serviceAccounts`). A grant with `use` of the domain is enough,
    /// because IAM decides the rest. Left out: the AwsAccount mints, as its grant says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountRef>,
    /// The registries; 1 to 10.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(validation = ("['npm', 'yarn1', 'yarn', 'swift'].all(f, self.filter(r, f in r.formats && !has(r.scope) && !has(r.scopes)).size() <= 1)", "npm, yarn1, yarn and swift can each hold one registry without a scope; give the others a scope"),
        validation = ("['pip', 'sbt'].all(f, self.filter(r, f in r.formats).size() <= 1)", "pip and sbt can each hold one registry; make a second RegistryCredential for the other"),
        validation = ("['npm', 'yarn1', 'yarn', 'swift'].all(f, self.all(r, !has(r.scope) || !(f in r.formats) || self.exists_one(o, has(o.scope) && f in o.formats && o.scope == r.scope)))", "a scope is used twice"))]
    pub registries: Vec<Registry>,
    /// How long tokens live and when they are renewed.
    #[serde(default)]
    #[schemars(extend("default" = {}))]
    pub token: TokenSettings,
    /// The Secret.
    #[serde(default)]
    pub secret: SecretSettings,
    /// Stop renewing until it is false again; the Secret stays as it is.
    #[serde(default)]
    pub suspend: bool,
}
