//! Pods with an EKS Pod Identity: the token that a pod shows, and the role that it gets.

use super::spec::account_of;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// An association as the control route takes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PodSpec {
    token: String,
    #[serde(flatten)]
    identity: PodIdentity,
}

/// What a pod is, and the role that it gets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PodIdentity {
    pub(crate) role_arn: String,
    #[serde(default = "PodIdentity::cluster")]
    cluster_name: String,
    #[serde(default = "PodIdentity::word")]
    namespace: String,
    #[serde(default = "PodIdentity::word")]
    service_account: String,
    #[serde(default = "PodIdentity::pod")]
    pod_name: String,
}

/// Identities by the hash of the pod's token, which is not kept.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct PodIdentities(OrdMap<String, PodIdentity>);

impl PodIdentities {
    pub(crate) fn put(&mut self, spec: PodSpec) -> Result<(), String> {
        let role = spec.role();
        if account_of(role).is_none() || !role.contains(":role/") {
            return Err(format!("{role:?} is not the ARN of a role"));
        }
        if spec.token.is_empty() {
            return Err("the token is empty".into());
        }
        self.0.insert(hash(&spec.token), spec.identity);
        Ok(())
    }

    /// Forget all that get that role. Whether there was one.
    pub(crate) fn remove(&mut self, role: &str) -> bool {
        let before = self.0.len();
        let others = self.0.iter().filter(|(_, pod)| pod.role_arn != role);
        self.0 = others.map(|(token, pod)| (token.clone(), pod.clone())).collect();
        self.0.len() < before
    }

    /// All of them, without their tokens.
    pub(crate) fn show(&self) -> Value {
        self.0.values().map(|pod| json!(pod)).collect()
    }

    pub(crate) fn of_token(&self, token: &str) -> Option<&PodIdentity> {
        self.0.get(&hash(token))
    }
}

impl PodSpec {
    /// The role that the pod gets.
    pub(crate) fn role(&self) -> &str {
        &self.identity.role_arn
    }
}

impl PodIdentity {
    fn cluster() -> String {
        "emulator".into()
    }

    fn word() -> String {
        "default".into()
    }

    fn pod() -> String {
        "pod".into()
    }

    /// `eks-<cluster>-<pod>-<something>`, as long as session names may be.
    pub(crate) fn session_name(&self) -> String {
        let legal = |text: &str| -> String {
            text.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').take(20).collect()
        };
        format!("eks-{}-{}-{:08x}", legal(&self.cluster_name), legal(&self.pod_name), fastrand::u32(..))
    }

    /// The tags of its sessions, all of them transitive.
    pub(crate) fn tags(&self, region: &str) -> BTreeMap<String, String> {
        let account = account_of(&self.role_arn).unwrap_or_default();
        let cluster_arn = format!("arn:aws:eks:{region}:{account}:cluster/{}", self.cluster_name);
        [
            ("eks-cluster-arn", cluster_arn.as_str()),
            ("eks-cluster-name", &self.cluster_name),
            ("kubernetes-namespace", &self.namespace),
            ("kubernetes-service-account", &self.service_account),
            ("kubernetes-pod-name", &self.pod_name),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
    }
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}
