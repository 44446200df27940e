//! What to install, and installing it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::ListParams;
use serde_json::{Map, Value, json};

use crate::control_plane::Plane;
use crate::emulator::{ACCOUNT, Emulator};
use crate::evidence::Evidence;
use crate::install::container::Container;
use crate::install::{Install, Operator, operator};

const RELEASE: &str = "codeartifact-operator";
/// Everything that the operator and its libraries can be made to log: the last stage searches it for tokens.
const LOG_LEVEL: &str = "trace,codeartifact_operator=trace";

/// What to install. By default the whole cluster is worked on and no AwsAccount is made.
#[must_use = "`start` installs it"]
pub struct Request {
    control_plane: Plane,
    emulator: Emulator,
    operator_namespace: String,
    namespaces: Vec<String>,
    values: Value,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    host_clock: bool,
    program: Option<PathBuf>,
}

impl Request {
    pub(super) fn new(control_plane: Plane, emulator: Emulator) -> Self {
        Self {
            control_plane,
            emulator,
            operator_namespace: RELEASE.to_owned(),
            namespaces: Vec::new(),
            values: json!({"crds": {"upgradeHook": false}, "logLevel": LOG_LEVEL}),
            environment: Vec::new(),
            arguments: Vec::new(),
            host_clock: false,
            program: None,
        }
    }

    /// Works in that many new namespaces only, with Roles; the release's own namespace is new, too. This is how tests
    /// share a control plane.
    pub fn namespaced(mut self, count: usize) -> Self {
        self.namespaces = std::iter::repeat_with(|| crate::unique("team")).take(count).collect();
        self.operator_namespace = crate::unique("operator");
        self.values(json!({"rbac": {"aggregate": false}}))
    }

    /// Chart values, merged over those given before.
    pub fn values(mut self, values: Value) -> Self {
        merge(&mut self.values, values);
        self
    }

    /// The chart's AwsAccount `default` at the emulator, with these grants and the administrator's key from a Secret.
    pub fn account(self, grants: &Value) -> Self {
        let namespace = self.operator_namespace.clone();
        let url = self.emulator.url();
        self.values(json!({"account": {
            "create": true,
            "accountId": ACCOUNT,
            "region": "us-east-1",
            "endpoints": {"codeartifact": url, "sts": url},
            "credentials": {"secretRef": {"namespace": namespace, "name": "aws"}},
            "grants": grants,
        }}))
    }

    /// One more environment variable of the operator, such as an access key for its own chain.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more argument of the operator.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Runs on the machine's clock instead of the emulator's.
    pub fn host_clock(mut self) -> Self {
        self.host_clock = true;
        self
    }

    /// Runs this program instead of the one that cargo built beside this one.
    pub fn program(mut self, program: &Path) -> Self {
        self.program = Some(program.to_owned());
        self
    }

    /// Installs the chart, and starts the operator as the Deployment says; returns when it serves.
    pub async fn start(mut self) -> Result<Install> {
        let evidence = Evidence::of_this_test()?;
        let program = self.program.take().map_or_else(operator::program, Ok)?;
        self.prepare().await?;
        self.helm_install().await?;
        let control_plane = self.control_plane;

        let deployments: Api<Deployment> = Api::namespaced(control_plane.client()?, &self.operator_namespace);
        let of_release = ListParams::default().labels(&format!("app.kubernetes.io/instance={RELEASE}"));
        let deployment =
            deployments.list(&of_release).await?.items.pop().context("no Deployment in the release")?;
        let mut container = Container::of(&deployment, &self.operator_namespace)?;
        let user = format!("system:serviceaccount:{}:{}", self.operator_namespace, container.account);
        evidence.note_operator(&user)?;
        let kubeconfig = control_plane.kubeconfig_as(&self.operator_namespace, &container.account).await?;
        container.arguments.extend(["--kubeconfig".into(), kubeconfig.display().to_string()]);
        container.arguments.extend(["--listen".into(), "127.0.0.1:0".into()]);
        if !self.host_clock {
            container.arguments.extend(["--clock".into(), self.emulator.clock_url()]);
        }
        container.arguments.append(&mut self.arguments);
        container.environment.append(&mut self.environment);
        let install = Install {
            operator: Operator::new(program, container, evidence.clone()),
            control_plane,
            emulator: self.emulator,
            operator_namespace: self.operator_namespace,
            namespaces: self.namespaces,
            user,
            evidence,
        };
        install.operator.start_again().await?;
        Ok(install)
    }

    /// Namespaces, and the administrator's access key where AwsAccounts can refer to it.
    async fn prepare(&mut self) -> Result<()> {
        for namespace in &self.namespaces {
            self.control_plane.namespace(namespace, &[]).await?;
        }
        if !self.namespaces.is_empty() {
            let namespaces = json!({"namespaces": self.namespaces});
            merge(&mut self.values, namespaces);
        }
        self.control_plane.namespace(&self.operator_namespace, &[]).await?;
        let keys = json!({"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"});
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "aws"}, "stringData": keys});
        self.control_plane.apply(&self.operator_namespace, &secret.to_string()).await.map(drop)
    }

    async fn helm_install(&self) -> Result<()> {
        let name = format!("{}.values.json", self.operator_namespace);
        let values = self.control_plane.scratch().write(&name, self.values.to_string())?;
        let chart = crate::repository().join("charts/codeartifact-operator");
        let (values, chart) = (values.display().to_string(), chart.display().to_string());
        let mut arguments = vec!["install", RELEASE, &chart, "--namespace", &self.operator_namespace];
        arguments.extend(["--values", &values]);
        if self.control_plane.has_crds() {
            // Tests that share a control plane must not race to make them.
            arguments.push("--skip-crds");
        }
        self.control_plane.helm(&arguments).await.map(drop)
    }
}

/// Objects are merged, all else is replaced.
pub(crate) fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                let absent = || Value::Object(Map::new());
                merge(into.entry(key).or_insert_with(absent), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_merged_and_lists_replaced() {
        let mut values = json!({"a": {"b": 1, "c": [1]}, "d": 1});
        merge(&mut values, json!({"a": {"c": [2], "e": {"f": 1}}, "d": null}));
        assert_eq!(values, json!({"a": {"b": 1, "c": [2], "e": {"f": 1}}, "d": null}));
    }
}
