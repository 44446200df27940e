//! Repository: a CodeArtifact repository.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CommonStatus, DomainName, Identity, Management, ObjectRef, Tags, rules};

/// A CodeArtifact repository.
#[derive(CustomResource, KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "codeartifact-operator.dev",
    version = "v1alpha1",
    kind = "Repository",
    plural = "repositories",
    namespaced,
    shortname = "carepo",
    category = "codeartifact",
    status = "RepositoryStatus",
    derive = "PartialEq",
    doc = "A CodeArtifact repository: description, ordered upstreams or one external connection, tags. Left out means none.",
    printcolumn(name = "Domain", type_ = "string", json_path = ".status.identity.domain"),
    printcolumn(name = "Repository", type_ = "string", json_path = ".status.identity.repository"),
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
    validation = Rule::new("has(self.spec.name) || self.metadata.name.matches('^[A-Za-z0-9][A-Za-z0-9._-]{1,99}$')").message("metadata.name cannot be the name of a repository, which has 2 to 100 letters, digits and . _ -; set spec.name"),
    validation = rules::name_stays()
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.domainRef) != has(self.domain)", "exactly one of domainRef and domain is needed"),
    validation = ("has(self.domain) == has(oldSelf.domain) && (!has(self.domain) || self.domain == oldSelf.domain)", "domain is immutable; delete this object and make a new one"),
    validation = ("has(self.domainRef) == has(oldSelf.domainRef) && (!has(self.domainRef) || self.domainRef == oldSelf.domainRef)", "domainRef is immutable; delete this object and make a new one"),
    validation = ("!has(self.externalConnection) || !has(self.upstreams) || size(self.upstreams) == 0", "a repository has upstreams or an external connection, not both"))]
pub struct RepositorySpec {
    /// How the operator manages the repository.
    #[serde(flatten)]
    pub management: Management,
    /// What happens in AWS when this object is deleted. `Retain`: the repository stays, without our owner tag. `Delete`: the repository is
    /// deleted with its packages, as soon as no other repository uses it as upstream. One that began to do so within the last minute, and
    /// not by this operator, may not be seen. `DeleteIfEmpty`: the same, once it holds no package version; a version that is published
    /// between the check and the deletion is lost.
    #[serde(default)]
    pub deletion_policy: RepositoryDeletionPolicy,
    /// The Domain object that it lives in. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_ref: Option<ObjectRef>,
    /// The domain that it lives in, by AWS name. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<DomainName>,
    /// Name of the repository; metadata.name when left out. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 100))]
    #[x_kube(validation = rules::repository_name())]
    pub name: Option<String>,
    /// Description, at most 1,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1000))]
    #[x_kube(validation = rules::matches("^\\\\P{C}*$", "a description is one line, without line breaks and other control characters"))]
    pub description: Option<String>,
    /// Repositories of the same domain that are searched after this one, in order; at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    #[x_kube(validation = ("self.all(x, self.exists_one(y, y == x))", "an upstream is listed twice"))]
    pub upstreams: Vec<Upstream>,
    /// The public registry that packages are fetched from: public:npmjs, public:pypi, public:nuget-org,
    /// public:ruby-gems-org, public:crates-io, public:maven-central, public:maven-googleandroid,
    /// public:maven-gradleplugins, public:maven-commonsware or public:maven-clojars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 100), regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9._:-]{1,99}$"))]
    pub external_connection: Option<String>,
    /// Tags of the repository. Tags that other tools set stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 29, "additionalProperties" = {"type": "string", "maxLength": 256}))]
    #[x_kube(validation = ("self.all(k, size(k) >= 1 && size(k) <= 128)", "a tag key has 1 to 128 characters"),
        validation = ("self.all(k, !k.startsWith('aws:') && !k.startsWith('codeartifact-operator.dev/'))", "tag keys under aws: and codeartifact-operator.dev/ are reserved"))]
    pub tags: Tags,
}

/// What happens in AWS when a Repository is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RepositoryDeletionPolicy {
    /// The repository stays; only our owner tag goes.
    #[default]
    Retain,
    /// The repository is deleted with its packages.
    Delete,
    /// The repository is deleted once it holds no package version. A publish between check and delete is lost.
    DeleteIfEmpty,
}

/// A repository that is searched after this one.
#[derive(KubeSchema, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = ("has(self.repositoryRef) != has(self.name)", "an upstream needs exactly one of repositoryRef and name"))]
pub struct Upstream {
    /// A Repository object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_ref: Option<ObjectRef>,
    /// A repository of the same domain, by AWS name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 2, max = 100))]
    #[x_kube(validation = rules::repository_name())]
    pub name: Option<String>,
}

/// What the operator found in AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepositoryStatus {
    /// What every kind reports.
    #[serde(flatten)]
    pub common: CommonStatus,
    /// What AWS calls it; pinned before the first write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// ARN of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Account that owns the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Account that created the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub administrator_account: Option<String>,
    /// When AWS created the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_time: Option<Timestamp>,
    /// Package format to URL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub endpoints: BTreeMap<String, String>,
    /// The upstreams as they were when they were last set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstreams: Vec<UpstreamStatus>,
    /// The tag keys that this object set, and so may change or remove.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tag_keys: Vec<String>,
    /// Generation of the spec that was last carried out in AWS from beginning to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried_out_generation: Option<i64>,
}

/// An upstream by name and identity: AWS refers to upstreams by identity, so that one that was deleted and made anew must be set again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpstreamStatus {
    /// Name of the repository.
    pub name: String,
    /// When AWS created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub created_time: Option<Timestamp>,
}
