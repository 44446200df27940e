//! AwsAccount: an account and Region, how to sign in, and what each namespace may do with it.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CommonStatus, Tags, rules};

/// An AWS account and Region, how to sign in to it, what each namespace may do with it, and how fast it may be called.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "codeartifact-operator.dev",
    version = "v1alpha1",
    kind = "AwsAccount",
    plural = "awsaccounts",
    shortname = "caacct",
    category = "codeartifact",
    status = "AwsAccountStatus",
    derive = "PartialEq",
    doc = "An AWS account and Region, how to sign in to it, what each namespace may do with it, and how fast it may be called.",
    printcolumn(name = "Account", type_ = "string", json_path = ".spec.accountId"),
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.region"),
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
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#,
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
pub struct AwsAccountSpec {
    /// AWS Region of the service, such as eu-central-1.
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::matches("^[a-z]+(-[a-z0-9]+)+-[0-9]+$", "region is the code of an AWS Region, such as eu-central-1"),
        validation = ("self == oldSelf", "region is immutable; delete this object and make a new one"))]
    pub region: String,
    /// The account, 12 digits; checked against STS at sign-in.
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::account_number(), validation = ("self == oldSelf", "accountId is immutable; delete this object and make a new one"))]
    pub account_id: String,
    /// Service addresses that differ from AWS's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<Endpoints>,
    /// Hosts that `spec.registries[].endpoint` of a login may name, such as `vpce-1.example.com`, or `*.example.com` for every host under
    /// that name. Left out: any host over https. Over `http://` a token goes only to a host that stands here and is a Service of the
    /// cluster: `proxy.platform.svc`, or `*.platform.svc`. An empty list: none at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 50),
        inner(
            length(min = 1, max = 253),
            regex(
                pattern = r"^([*][.])?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$"
            )
        )
    )]
    pub allowed_endpoints: Option<Vec<String>>,
    /// How to sign in; the controller's own chain when left out.
    #[serde(default)]
    pub credentials: Credentials,
    /// What each namespace may do. Nobody may do anything that is not granted here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub grants: Vec<Grant>,
    /// Tags for everything that is created in this account; an object's own tags win.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 20, "additionalProperties" = {"type": "string", "maxLength": 256}))]
    #[x_kube(validation = ("self.all(k, size(k) >= 1 && size(k) <= 128)", "a tag key has 1 to 128 characters"),
        validation = ("self.all(k, !k.startsWith('aws:') && !k.startsWith('codeartifact-operator.dev/'))", "tag keys under aws: and codeartifact-operator.dev/ are reserved"))]
    pub tags: Tags,
    /// Names of clusters whose owner tags count as ours, for the same namespace and name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(min = 1, max = 63)))]
    pub former_clusters: Vec<String>,
    /// How many calls per second the operator makes at most in this account and Region.
    #[serde(default)]
    pub limits: Limits,
    /// Stop using this account until it is false again.
    #[serde(default)]
    pub suspend: bool,
}

/// Service addresses that differ from AWS's own, such as private endpoints.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Endpoints {
    /// Address of the CodeArtifact API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::service_address())]
    pub codeartifact: Option<String>,
    /// Address of STS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = rules::service_address())]
    pub sts: Option<String>,
}

/// How to sign in. Exactly one member.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.controller) != has(self.secretRef)", "credentials needs exactly one of controller and secretRef"))]
pub struct Credentials {
    /// The operator pod's own chain: environment, web identity, EKS Pod Identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<ControllerChain>,
    /// A Secret with the keys `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and, if there is one, `AWS_SESSION_TOKEN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { controller: Some(ControllerChain {}), secret_ref: None }
    }
}

/// The operator pod's own credential chain; it has no settings.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ControllerChain {}

/// A Secret by namespace and name.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SecretRef {
    /// Namespace of the Secret.
    #[schemars(length(min = 1, max = 63))]
    pub namespace: String,
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Calls per second, each with a burst of one second's worth.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Describe, get and list calls; the service's own quota is 800 per account.
    #[serde(default = "reads")]
    #[schemars(range(min = 1, max = 10_000))]
    pub reads_per_second: i32,
    /// Creating, changing and deleting calls; the service's own quota is 100 per account.
    #[serde(default = "writes")]
    #[schemars(range(min = 1, max = 10_000))]
    pub writes_per_second: i32,
    /// GetAuthorizationToken; the service's own quota is 40 per account.
    #[serde(default = "mints")]
    #[schemars(range(min = 1, max = 10_000))]
    pub tokens_per_second: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { reads_per_second: reads(), writes_per_second: writes(), tokens_per_second: mints() }
    }
}

fn reads() -> i32 {
    100
}

fn writes() -> i32 {
    20
}

fn mints() -> i32 {
    10
}

/// What some namespaces may do with the account.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Whom this grant is for.
    pub namespaces: NamespaceMatch,
    /// Globs of `domain` or `domain/repository` that may be created, changed and deleted; `*` does not cross the slash.
    /// A domain of another account is meant only by a glob that names it: `111122223333:acme`, `111122223333:*/*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 50),
        inner(length(min = 1, max = 160), regex(pattern = r"^[A-Za-z0-9.*?:_-]+(/[A-Za-z0-9.*?_-]+)?$"))
    )]
    pub manage: Vec<String>,
    /// Globs of `domain` or `domain/repository` that a Domain, Repository or PackagePolicy may refer to: as its domain, as an upstream, or
    /// to observe. What may be managed may also be used. A Repository needs `manage` of itself and `use` of its domain; a
    /// `RegistryCredential` needs `credentials` alone, because a token is for a whole domain.
    #[serde(default, rename = "use", skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 50),
        inner(length(min = 1, max = 160), regex(pattern = r"^[A-Za-z0-9.*?:_-]+(/[A-Za-z0-9.*?_-]+)?$"))
    )]
    pub use_: Vec<String>,
    /// Globs of external connections that may be attached, such as `public:*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        length(max = 50),
        inner(length(min = 1, max = 100), regex(pattern = r"^[A-Za-z0-9.*?:_-]+$"))
    )]
    pub connect: Vec<String>,
    /// Domains for which tokens may be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub credentials: Vec<CredentialGrant>,
}

/// Namespaces by name, by label, or all of them.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(validation = ("(has(self.names) ? 1 : 0) + (has(self.selector) ? 1 : 0) + (has(self.all) ? 1 : 0) == 1", "namespaces needs exactly one of names, selector and all"),
    validation = ("!has(self.all) || self.all", "all can only be true"))]
pub struct NamespaceMatch {
    /// These namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200), inner(length(min = 1, max = 63)))]
    pub names: Option<Vec<String>>,
    /// Namespaces with these labels. An empty selector matches nothing; say `all: true` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Every namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub all: Option<bool>,
}

/// Tokens of some domains, minted as a role of their own.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialGrant {
    /// Globs of domains.
    #[schemars(
        length(min = 1, max = 50),
        inner(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9.*?:_-]+$"))
    )]
    pub domains: Vec<String>,
    /// The role that mints; a token carries its rights. Left out: the account's own identity. A change replaces the tokens that
    /// another identity minted; a role that cannot be assumed takes these logins away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // A rule with a sentence would cost more than the API server allows: there may be 4,000 of these.
    #[schemars(
        length(max = 2048),
        regex(pattern = r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/([!-~]+/)?[A-Za-z0-9+=,.@_-]+$")
    )]
    pub role_arn: Option<String>,
    /// The longest life of such a token, such as 90m or 1h30m, from 15m to 12h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(max = 16))]
    #[x_kube(validation = rules::duration(), validation = rules::duration_between("maxDuration", "15m", "12h"))]
    pub max_duration: Option<kube::core::Duration>,
}

/// What the operator found out about the account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AwsAccountStatus {
    /// What every kind reports.
    #[serde(flatten)]
    pub common: CommonStatus,
    /// ARN of the identity that the operator signs in as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_arn: Option<String>,
}
