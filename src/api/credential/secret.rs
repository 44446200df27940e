//! The Secret of a login, as its owner wants it.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
