//! What to install, and installing it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use kube::Api;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::control_plane::Plane;
use crate::emulator::Emulator;
use crate::evidence::Evidence;
use crate::install::container::Container;
use crate::install::values::{self, LOG_LEVEL, merge};
use crate::install::{Install, Operator, RELEASE, chart, operator};

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
        let account = values::account(&self.emulator.url(), &self.operator_namespace, grants);
        self.values(account)
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
        let secret = values::administrator().to_string();
        self.control_plane.apply(&self.operator_namespace, &secret).await.map(drop)
    }

    async fn helm_install(&self) -> Result<()> {
        let name = format!("{}.values.json", self.operator_namespace);
        let values = self.control_plane.scratch().write(&name, self.values.to_string())?;
        let (values, chart) = (values.display().to_string(), chart());
        let mut arguments = vec!["install", RELEASE, &chart, "--namespace", &self.operator_namespace];
        arguments.extend(["--values", &values]);
        if self.control_plane.has_crds() {
            // Tests that share a control plane must not race to make them.
            arguments.push("--skip-crds");
        }
        self.control_plane.helm(&arguments).await.map(drop)
    }
}
