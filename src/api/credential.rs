//! RegistryCredential: a Secret that always holds a valid login.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::core::Duration;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AccountRef, CommonStatus, ObjectRef, RepositoryName, rules};

/// A Secret in this namespace that always holds a valid login for some registries.
///
/// The Secret has the files of each format, and `username` (`aws`). When all registries are in one domain it also has the
/// plain keys `token` and `password` (the same), `expiration` (RFC 3339) and `expires_at` (Unix seconds); with several domains there
/// are several tokens, and only the files say which belongs to which registry. `endpoint-<format>` holds
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
    /// The AwsAccount to sign in to.
    #[serde(default)]
    pub account_ref: AccountRef,
    /// The registries; 1 to 10.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(validation = ("self.filter(r, 'npm' in r.formats && !has(r.scope)).size() <= 1", "npm can hold one registry without a scope; give the others a scope"),
        validation = ("self.filter(r, 'pip' in r.formats).size() <= 1", "pip can hold one registry; make a second RegistryCredential for the other"),
        validation = ("self.all(r, !has(r.scope) || self.exists_one(o, has(o.scope) && o.scope == r.scope))", "a scope is used twice"))]
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

/// A registry and the files wanted for it.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.repositoryRef) != has(self.repository)", "a registry needs exactly one of repositoryRef and repository"),
    validation = ("!has(self.scope) || 'npm' in self.formats", "a scope needs the format npm in formats"),
    validation = ("!has(self.endpoint) || !has(self.endpointType)", "endpoint and endpointType exclude each other"))]
pub struct Registry {
    /// A Repository object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_ref: Option<ObjectRef>,
    /// A repository by AWS names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// Which files are written. A file holds all registries that list its format.
    #[schemars(length(min = 1, max = 3))]
    #[x_kube(validation = ("self.all(x, self.exists_one(y, y == x))", "a format is listed twice"))]
    pub formats: Vec<Format>,
    /// npm scope, with the @.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 215))]
    #[x_kube(validation = ("self.startsWith('@')", "a scope begins with @, such as @acme"),
        validation = rules::matches("^@?([a-z0-9~-][a-z0-9._~-]*)?$", "a scope has lower-case letters, digits and . _ ~ - after the @"))]
    pub scope: Option<String>,
    /// Which of the service's own addresses; ipv4 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_type: Option<EndpointType>,
    /// Address of a private endpoint, without a path, instead of the service's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    #[x_kube(validation = ("self.startsWith('https://')", "endpoint begins with https://, so that no token is sent in the open"),
        validation = rules::matches("^([a-z]+://)?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?([.][A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?/?$", "endpoint is https:// and the name of a host, perhaps with a port; no path follows"))]
    pub endpoint: Option<String>,
}

/// The files of a package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `.npmrc`, for npm and pnpm.
    Npm,
    /// `pip.conf`.
    Pip,
    /// `.netrc`, for curl, pip, uv and others.
    Netrc,
}

/// Which of the service's own addresses.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum EndpointType {
    /// Reachable over IPv4.
    #[default]
    Ipv4,
    /// Reachable over IPv4 and IPv6.
    Dualstack,
}

/// How long tokens live and when they are renewed.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::at_most_half())]
pub struct TokenSettings {
    /// Life of a token, such as 90m or 1h30m, from 15m to 12h. Left out: 12h, or the longest that the grant allows. Logins of the same duration share a token;
    /// the `RegistryCredential` objects of a namespace may use 8 durations for one domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(max = 16))]
    #[x_kube(validation = rules::duration(), validation = rules::duration_between("duration", "15m", "12h"),
        validation = rules::about_duration("duration(self).getMilliseconds() % 60000 == 0").message("duration must be whole minutes"))]
    pub duration: Option<Duration>,
    /// How much life a token has left at least while it is in the Secret. Left out: a third of `duration`; at most half of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(max = 16))]
    #[x_kube(validation = rules::duration(), validation = rules::about_duration("duration(self) >= duration('1m')").message("renewBefore must be at least 1m"))]
    pub renew_before: Option<Duration>,
}

/// The Secret that is written.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretSettings {
    /// Name of the Secret; metadata.name when left out. A change removes the Secret of the old name once the new one is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 253),
        regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
    )]
    pub name: Option<String>,
    /// What to do with a Secret of that name that is not ours. `Never`: leave it alone and say so. `TakeOver`: make it ours, without a
    /// moment in which it is absent, when its type is Opaque, nobody controls it, and its own annotation
    /// `codeartifact-operator.dev/allow-takeover` holds the name of this RegistryCredential. Data that was in it goes.
    #[serde(default)]
    pub adoption: SecretAdoption,
    /// Labels for the Secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 20, "additionalProperties" = {"type": "string", "maxLength": 63, "pattern": "^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$"}))]
    #[x_kube(validation = ("self.all(k, k.indexOf('/') <= 253 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'))", "a key of labels is not legal in Kubernetes"),
        validation = ("self.all(k, k != 'app.kubernetes.io/managed-by' && (k.startsWith('app.kubernetes.io/') || !k.matches('^([^/]*\\\\.)?(kubernetes\\\\.io|k8s\\\\.io|codeartifact-operator\\\\.dev)/')))", "labels under kubernetes.io/, k8s.io/ and codeartifact-operator.dev/ are reserved, but for app.kubernetes.io/ without managed-by"))]
    pub labels: BTreeMap<String, String>,
    /// Annotations for the Secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 20, "additionalProperties" = {"type": "string", "maxLength": 1024}))]
    #[x_kube(validation = ("self.all(k, k.indexOf('/') <= 253 && k.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$'))", "a key of annotations is not legal in Kubernetes"),
        validation = ("self.all(k, !k.matches('^([^/]*\\\\.)?(kubernetes\\\\.io|k8s\\\\.io|codeartifact-operator\\\\.dev)/'))", "annotations under kubernetes.io/, k8s.io/ and codeartifact-operator.dev/ are reserved"))]
    pub annotations: BTreeMap<String, String>,
}

/// What to do with a Secret of somebody else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SecretAdoption {
    /// Leave it alone and say so.
    #[default]
    Never,
    /// Take it over when the Secret itself allows that.
    TakeOver,
}

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
    /// The tokens in it; never their text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<TokenStatus>,
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
    /// The role that minted it, where the grant named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
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
