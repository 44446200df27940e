//! ClusterRegistryCredential: the same login in every namespace that a selector picks.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    AccountRef, CommonStatus, Registry, SecretSettings, ServiceAccountRef, TokenSettings, TokenStatus, rules,
};

/// The same Secret in every namespace that a selector picks, with a login that is always valid there.
///
/// The Secret is as a `RegistryCredential` of the namespace would make it, and each namespace needs its own grants: different grants may
/// give different roles and lives of tokens, and so different tokens. Everybody who may read Secrets in such a namespace holds the token.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "codeartifact-operator.dev",
    version = "v1alpha1",
    kind = "ClusterRegistryCredential",
    shortname = "caccred",
    category = "codeartifact",
    status = "ClusterRegistryCredentialStatus",
    derive = "PartialEq",
    doc = "The same Secret in every namespace that a selector picks, with a login that is always valid there.",
    printcolumn(name = "Secret", type_ = "string", json_path = ".status.secretName"),
    printcolumn(name = "Selected", type_ = "integer", json_path = ".status.namespaces.selected"),
    printcolumn(name = "Filled", type_ = "integer", json_path = ".status.namespaces.filled"),
    printcolumn(name = "Failing", type_ = "integer", json_path = ".status.namespaces.failing"),
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
#[x_kube(validation = ("has(self.namespaceSelector) || has(self.namespaces)", "say which namespaces: namespaceSelector ({} picks every namespace), namespaces, or both"))]
pub struct ClusterRegistryCredentialSpec {
    /// Picks namespaces by their labels. `{}` picks every namespace, those of Kubernetes (`kube-system` and the like) and the operator's own
    /// included: leave them out by `excludedNamespaces`. Whoever may label a namespace can have it picked; the grants of the AwsAccount
    /// decide whether a login is delivered there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_selector: Option<LabelSelector>,
    /// These namespaces are picked, whatever their labels. One that does not exist yet has its Secret as soon as it exists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(min = 1, max = 1000),
        inner(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))
    )]
    pub namespaces: Vec<String>,
    /// These namespaces are never picked. `*` stands for any characters, as in `kube-*`. A namespace that is excluded later loses its
    /// Secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 100),
        inner(length(min = 1, max = 63), regex(pattern = r"^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$"))
    )]
    pub excluded_namespaces: Vec<String>,
    /// The AwsAccount to sign in to, for every registry that names no other one.
    #[serde(default)]
    pub account_ref: AccountRef,
    /// Mint as the IAM role of the ServiceAccount of that name in each namespace, which its annotation `eks.amazonaws.com/role-arn` names.
    /// The administrator lists the ServiceAccounts in the values of the chart (`serviceAccounts`). A grant with `use` of the domain is
    /// enough, because IAM decides the rest. Left out: the AwsAccount mints, as its grant says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account_ref: Option<ServiceAccountRef>,
    /// The registries; 1 to 10.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(validation = ("['npm', 'yarn1', 'yarn', 'swift'].all(f, self.filter(r, f in r.formats && !has(r.scope) && !has(r.scopes)).size() <= 1)", "npm, yarn1, yarn and swift can each hold one registry without a scope; give the others a scope"),
        validation = ("['pip', 'sbt'].all(f, self.filter(r, f in r.formats).size() <= 1)", "pip and sbt can each hold one registry; make a second ClusterRegistryCredential for the other"),
        validation = ("['npm', 'yarn1', 'yarn', 'swift'].all(f, self.all(r, !has(r.scope) || !(f in r.formats) || self.exists_one(o, has(o.scope) && f in o.formats && o.scope == r.scope)))", "a scope is used twice"),
        validation = rules::names_its_namespace())]
    pub registries: Vec<Registry>,
    /// How long tokens live and when they are renewed.
    #[serde(default)]
    #[schemars(extend("default" = {}))]
    pub token: TokenSettings,
    /// The Secret, the same in each namespace.
    #[serde(default)]
    pub secret: SecretSettings,
    /// Stop renewing, and deliver to no further namespace, until it is false again; the Secrets stay as they are. A Secret in a namespace
    /// that is not picked any more, or that has lost its grant, is removed all the same.
    #[serde(default)]
    pub suspend: bool,
}

/// What the operator did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterRegistryCredentialStatus {
    /// What every kind reports.
    #[serde(flatten)]
    pub common: CommonStatus,
    /// The name of the Secret in each namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
    /// How many namespaces there are, by what holds of them.
    #[serde(default)]
    pub namespaces: NamespaceCounts,
    /// Namespaces that have no Secret as declared, by name, and why; the first 20 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<NamespaceFailure>,
    /// The tokens in the Secrets, the one that ends first before the others; never their text. The first 20 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenStatus>,
    /// The value of the annotation codeartifact-operator.dev/renew-at that was acted on last. A new value asks for new tokens; a token
    /// that is younger than 5 minutes is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_renew_at: Option<String>,
}

/// How many namespaces there are, by what holds of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamespaceCounts {
    /// Picked by the spec. A namespace that is being deleted does not count.
    #[serde(default)]
    pub selected: u32,
    /// Those of them whose Secret holds a valid login.
    #[serde(default)]
    pub filled: u32,
    /// Those of them to which no login could be delivered.
    #[serde(default)]
    pub failing: u32,
    /// Those of them that wait: for their turn, for something that the spec refers to, or to exist.
    #[serde(default)]
    pub waiting: u32,
}

/// A namespace without a Secret as declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NamespaceFailure {
    /// Name of the namespace.
    pub namespace: String,
    /// Why, as one word.
    pub reason: String,
    /// Why, and what to do, in at most 256 characters.
    pub message: String,
}
