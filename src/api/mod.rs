//! The custom resources: serde, schema, CEL and docs. No logic.

// The derive makes a copy of each struct in an anonymous scope, which the lint then finds unreachable.
#![allow(unreachable_pub)]
// Printer columns repeat their keys; the lint takes the list for attributes.
#![allow(clippy::duplicated_attributes)]
// The unit belongs in the name of a field of the API.
#![allow(clippy::struct_field_names)]

mod account;
mod cluster_credential;
mod common;
mod credential;
mod domain;
mod identity;
mod kind_name;
mod package_policy;
mod repository;
mod rules;
mod status;

pub use account::*;
pub use cluster_credential::{
    ClusterRegistryCredential, ClusterRegistryCredentialSpec, ClusterRegistryCredentialStatus,
    NamespaceCounts, NamespaceFailure,
};
pub use common::*;
pub use credential::{
    EndpointType, Format, Registry, RegistryCredential, RegistryCredentialSpec, RegistryCredentialStatus,
    SecretAdoption, SecretSettings, SecretWrite, ServiceAccountRef, TokenServiceAccount, TokenSettings,
    TokenStatus,
};
pub use domain::*;
pub use identity::{AwsResource, Identity};
pub use kind_name::KindName;
pub use package_policy::*;
pub use repository::*;
pub use status::ObjectStatus;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;

/// API group of every kind, and the prefix of every label, annotation, finalizer and AWS tag that is ours.
pub const GROUP: &str = "codeartifact-operator.dev";
/// The finalizer that keeps an object until AWS has been let go or cleaned up.
pub const FINALIZER: &str = "codeartifact-operator.dev/finalizer";
/// The AWS tag that says which object of which cluster owns a resource: `<cluster>/<namespace>/<name>`.
pub const OWNER_TAG: &str = "codeartifact-operator.dev/owner";
/// Any new value makes the operator look at the object at once.
pub const RECONCILE_AT: &str = "codeartifact-operator.dev/reconcile-at";
/// Any new value on a `RegistryCredential` or `ClusterRegistryCredential` forces a new token.
pub const RENEW_AT: &str = "codeartifact-operator.dev/renew-at";
/// On a Secret that we wrote: what binds it to its namespace and name, and a keyed id of what is in it.
pub const CONTENT: &str = "codeartifact-operator.dev/content";
/// On a Secret of somebody else: the name of the `RegistryCredential` or `ClusterRegistryCredential` that may take the Secret over.
pub const ALLOW_TAKEOVER: &str = "codeartifact-operator.dev/allow-takeover";
/// Says what a Secret in the operator's own namespace is for.
pub const COMPONENT: &str = "codeartifact-operator.dev/component";
/// Field manager of every server-side apply, and the value of the managed-by label.
pub const MANAGER: &str = "codeartifact-operator";
/// The well-known label that marks the Secrets that we write.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// All CRDs, in the order in which they are written and applied.
pub fn crds() -> Vec<CustomResourceDefinition> {
    KindName::OURS.iter().copied().filter_map(KindName::crd).collect()
}
