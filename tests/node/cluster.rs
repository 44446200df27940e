//! What the steps work with: a node, an emulator that Pods reach, and kubectl.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use harness::evidence::Evidence;
pub(crate) use harness::install::RELEASE as OPERATOR;
use harness::install::values;
use harness::node::namespaces::Inside;
use harness::node::{self, ADDRESS, Node, REGISTRY, RESTRICTED, Registry, pod};
use harness::{Emulator, Options};
use serde_json::{Value, json};

/// The namespace that uses the operator.
pub(crate) const TEAM: &str = "team";

/// A node with everything beside it.
pub(crate) struct Cluster {
    pub(crate) node: Node,
    pub(crate) registry: Registry,
    pub(crate) emulator: Emulator,
    /// The digest of the operator's image as it is released.
    pub(crate) image: String,
    evidence: Evidence,
    /// What the reader is told in the end.
    told: Mutex<Vec<String>>,
}

impl Cluster {
    /// Starts a node, brings the images in, and makes the namespaces.
    pub(crate) async fn start(inside: &Inside) -> Result<Self> {
        let evidence = Evidence::named("story")?;
        let listen = SocketAddr::from((ADDRESS, 0));
        let mut options = codeartifact_emulator::Options { listen, ..Default::default() };
        options.quotas.domains_per_account = 1_000;
        let emulator = Emulator::start_with(options).await?;
        let registry = Registry::start(inside)?;
        let node = Node::start(inside, Options::default(), &["pause", "shell", "clients"]).await?;
        let image = registry.publish(OPERATOR).await?;
        for namespace in [OPERATOR, TEAM] {
            node.control_plane.namespace(namespace, &RESTRICTED).await?;
        }
        Ok(Self { node, registry, emulator, image, evidence, told: Mutex::default() })
    }

    /// Runs kubectl as the administrator and returns what it printed.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> Result<String> {
        self.node.control_plane.kubectl(arguments).await
    }

    /// Applies objects in the namespace of the team.
    pub(crate) async fn apply(&self, objects: &[Value]) -> Result<()> {
        for object in objects {
            self.node.control_plane.apply(TEAM, &object.to_string()).await?;
        }
        Ok(())
    }

    /// Installs or upgrades the chart with the image under test, and with more values.
    pub(crate) async fn helm(&self, verb: &str, more: Value) -> Result<String> {
        let image = json!({"repository": format!("{REGISTRY}/codeartifact-operator"), "digest": self.image});
        let mut grant = values::everything();
        grant["namespaces"] = json!({"all": true});
        let mut values = node::values(&image, &self.emulator);
        values::merge(&mut values, values::account(&self.emulator.url(), OPERATOR, &json!([grant])));
        values::merge(&mut values, more);
        self.node.helm(verb, &values).await
    }

    /// Runs a Job that mounts the login to its end, and returns what it printed.
    pub(crate) async fn job(&self, name: &str, container: Value) -> Result<String> {
        self.node.job(TEAM, name, pod("login", container)).await
    }

    /// Keeps a line for the reader.
    pub(crate) fn tell(&self, line: impl Into<String>) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(line.into());
    }

    /// What the reader is told.
    pub(crate) fn told(&self) -> String {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.iter().fold(String::new(), |all, line| {
            all + "  "
                + line
                + "
"
        })
    }

    /// Leaves the operator's log as evidence.
    pub(crate) async fn collect(&self) {
        drop(self.node.collect_log(&self.evidence).await);
    }
}
