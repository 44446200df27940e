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
    /// Further keys of the Secret, each with a template in the syntax of Jinja, such as `"{{ token | json }}"`. A template knows `token`,
    /// `username`, `expiration`, `expires_at` and `registries`, and has the filters json, xml, shell, toml, urlencode, base64, default,
    /// join, replace, lower, upper, trim and length; docs/templates.md tells more. Its result has at most 64 KiB, and the results of all
    /// templates at most 256 KiB. The keys that the operator itself writes cannot be chosen.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 20, "additionalProperties" = {"type": "string", "maxLength": 8192}))]
    #[x_kube(validation = ("self.all(k, k.matches('^[-._a-zA-Z0-9]{1,253}$') && k != '.' && !k.startsWith('..'))", "a key of templates has at most 253 letters, digits and - . _, and does not begin with .."),
        validation = ("self.all(k, !(k in ['token', 'password', 'username', 'expiration', 'expires_at']) && !k.startsWith('token-') && !k.startsWith('endpoint-') && !k.startsWith('publish-'))", "the operator itself writes the keys token, password, username, expiration, expires_at, token-…, endpoint-… and publish-…; choose another key"))]
    pub templates: BTreeMap<String, String>,
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
