//! Ways in: kubectl, helm, and the tokens of ServiceAccounts.

use std::path::PathBuf;

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};

use crate::control_plane::ControlPlane;
use crate::process::{guarded, run};

/// As long as the API server grants, so that no test outlives its token.
const TOKEN_SECONDS: i64 = 24 * 3600;

impl ControlPlane {
    /// Runs kubectl as the administrator and returns what it printed.
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.kubectl_with("", arguments).await
    }

    /// Runs kubectl with something on its standard input, for `-f -`.
    pub async fn kubectl_with(&self, input: &str, arguments: &[&str]) -> Result<String> {
        let mut command = guarded(crate::cluster_tool("kubectl")?);
        // What another control plane at this address had to offer is not to be remembered.
        command.arg("--cache-dir").arg(self.scratch.path().join("kubectl"));
        command.arg("--kubeconfig").arg(self.kubeconfig()).args(arguments);
        run(command, input).await
    }

    /// Runs helm as the administrator and returns what it printed.
    pub async fn helm(&self, arguments: &[&str]) -> Result<String> {
        let mut command = guarded(crate::cluster_tool("helm")?);
        // Helm's own files stay out of the user's home.
        for kind in ["CACHE", "CONFIG", "DATA"] {
            command.env(format!("HELM_{kind}_HOME"), self.scratch.path().join("helm"));
        }
        command.arg("--kubeconfig").arg(self.kubeconfig()).args(arguments);
        run(command, "").await
    }

    /// Makes a namespace with labels.
    pub async fn namespace(&self, name: &str, labels: &[(&str, &str)]) -> Result<()> {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let metadata = ObjectMeta { name: Some(name.to_owned()), labels: Some(labels), ..Default::default() };
        let namespace = Namespace { metadata, ..Default::default() };
        Api::all(self.client()?).create(&PostParams::default(), &namespace).await?;
        Ok(())
    }

    /// A token of a ServiceAccount, by TokenRequest.
    pub async fn account_token(&self, namespace: &str, account: &str) -> Result<String> {
        let spec = TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..Default::default() };
        let request = TokenRequest { spec, ..Default::default() };
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client()?, namespace);
        let answer = accounts.create_token_request(account, &PostParams::default(), &request).await;
        let answer = answer.with_context(|| format!("token of ServiceAccount {namespace}/{account}"))?;
        Ok(answer.status.context("no status in the answer")?.token)
    }

    /// A client that acts as a ServiceAccount.
    pub async fn client_as(&self, namespace: &str, account: &str) -> Result<Client> {
        let token = self.account_token(namespace, account).await?;
        self.identity.client_for(&self.url(), &token)
    }

    /// A kubeconfig file with the token of a ServiceAccount, inside the control plane's folder.
    pub async fn kubeconfig_as(&self, namespace: &str, account: &str) -> Result<PathBuf> {
        let token = self.account_token(namespace, account).await?;
        let document = self.identity.kubeconfig_for(&self.url(), &token);
        self.scratch.write(&format!("{namespace}-{account}.kubeconfig"), document)
    }
}
