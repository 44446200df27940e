//! What the story is told on: a cluster, an emulator of AWS, the operator, and package managers.

use anyhow::Result;
use harness::node::namespaces::Inside;
use harness::{ControlPlane, Emulator};
use serde_json::json;

use crate::pods::Pods;
use crate::processes::Processes;
use crate::step;

/// Where the examples put the login, and what the login is called.
pub(crate) const TEAM: &str = "team-a";
pub(crate) const SECRET: &str = "team-login";

/// A stage of either sort.
pub(crate) enum Stage {
    Pods(Box<Pods>),
    Processes(Box<Processes>),
}

impl Stage {
    /// Starts everything, up to the operator.
    pub(crate) async fn set(inside: Option<&Inside>) -> Result<Self> {
        match inside {
            Some(inside) => Ok(Self::Pods(Box::new(Pods::set(inside).await?))),
            None => Ok(Self::Processes(Box::new(Processes::set().await?))),
        }
    }

    pub(crate) fn control_plane(&self) -> &ControlPlane {
        match self {
            Self::Pods(pods) => &pods.node.control_plane,
            Self::Processes(processes) => &processes.control_plane,
        }
    }

    pub(crate) fn emulator(&self) -> &Emulator {
        match self {
            Self::Pods(pods) => &pods.emulator,
            Self::Processes(processes) => &processes.emulator,
        }
    }

    /// Runs a script in a new folder, with npm and pip that know nothing but the login, and returns what the script printed.
    pub(crate) async fn run(&self, name: &str, script: &str) -> Result<String> {
        match self {
            Self::Pods(pods) => pods.run(name, script).await,
            Self::Processes(processes) => processes.run(script).await,
        }
    }

    /// Keeps a copy of the login as it is now.
    pub(crate) async fn keep_login(&self) -> Result<()> {
        match self {
            Self::Pods(pods) => pods.keep_login().await,
            Self::Processes(processes) => processes.keep_login().await,
        }
    }

    /// Runs a script as [`Stage::run`] does, with the login that was kept.
    pub(crate) async fn run_with_kept(&self, script: &str) -> Result<String> {
        match self {
            Self::Pods(pods) => pods.run_with_kept(script).await,
            Self::Processes(processes) => processes.run_with_kept(script).await,
        }
    }

    /// Adds to a failure what the operator says.
    pub(crate) async fn explain<T>(&self, result: Result<T>) -> Result<T> {
        match self {
            Self::Pods(pods) => pods.node.explain(result).await,
            Self::Processes(processes) => processes.install.explain(result),
        }
    }

    /// Commands by which somebody looks around.
    pub(crate) async fn ways_in(&self) -> Result<Vec<String>> {
        let (mut lines, operator) = match self {
            Self::Pods(pods) => (vec![pods.door.clone()], pods.operator_address().await?),
            Self::Processes(processes) => (Vec::new(), processes.install.operator.address()?),
        };
        let kubectl = harness::cluster_tool("kubectl")?.display().to_string();
        lines.push(format!("export KUBECONFIG={}", self.control_plane().kubeconfig().display()));
        lines.push(format!("{kubectl} get codeartifact --all-namespaces"));
        if let Self::Pods(_) = self {
            lines.push(format!("{kubectl} get pods --all-namespaces"));
            lines.push(format!(
                "{kubectl} exec --namespace {TEAM} --stdin --tty build -- sh   # npm install …"
            ));
        }
        lines.push(format!("curl http://{operator}/metrics"));
        lines.push(format!("curl {}/_emulator/journal", self.emulator().url()));
        Ok(lines)
    }

    /// Leaves what was seen as evidence. Processes do that when they are dropped.
    pub(crate) async fn collect(&self) {
        if let Self::Pods(pods) = self {
            pods.collect().await;
        }
    }
}

/// Starts an emulator with one package behind each public registry.
pub(crate) async fn emulator(options: codeartifact_emulator::Options) -> Result<Emulator> {
    step("emulator of AWS CodeArtifact, with packages behind public:npmjs and public:pypi", async {
        let emulator = Emulator::start_with(options).await?;
        let npm = json!([{"name": "left-pad", "version": "1.3.0"}]);
        emulator.seed(&json!({"connection": "public:npmjs", "packages": npm})).await?;
        let pypi = json!([{"name": "six", "version": "1.16.0"}]);
        emulator.seed(&json!({"connection": "public:pypi", "packages": pypi})).await?;
        Ok(emulator)
    })
    .await
}
