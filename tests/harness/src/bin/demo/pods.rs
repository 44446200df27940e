//! The stage in Pods of a real node, in private namespaces.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use harness::install::RELEASE;
use harness::install::values::{LOG_LEVEL, merge};
use harness::node::namespaces::Inside;
use harness::node::{self, ADDRESS, Node, RESTRICTED, clients, pod};
use harness::wait::PATIENCE;
use harness::{Emulator, Options, wait_for};
use serde_json::{Value, json};

use crate::stage::{SECRET, TEAM, emulator};
use crate::{say, step};

/// The Pod of the examples.
const POD: &str = "build";
/// Where the Pod of the examples mounts the login.
const MOUNTED: &str = "/var/run/codeartifact";
/// Where the Pod keeps a copy of the login, in the folder in which its commands begin.
const KEPT: &str = "kept";

pub(crate) struct Pods {
    pub(crate) node: Node,
    pub(crate) emulator: Emulator,
    /// The command by which root gets in from outside.
    pub(crate) door: String,
}

impl Pods {
    pub(crate) async fn set(inside: &Inside) -> Result<Self> {
        say("codeartifact-operator in Pods: a real node, an emulator of AWS CodeArtifact, and real clients");
        say(
            "The operator's image holds the debug build with its libraries; what is released is static and alone.\n",
        );
        let node =
            step("etcd, Kubernetes and containerd in namespaces of their own: a node is Ready", async {
                let bare = Options { crds: false, ..Options::default() };
                let images = ["pause", "codeartifact-operator", "clients"];
                Node::start(inside, bare, &images).await.with_context(|| inside.logs())
            });
        let node = node.await?;
        let listen = SocketAddr::from((ADDRESS, 0));
        let emulator = emulator(codeartifact_emulator::Options { listen, ..Default::default() }).await?;
        let pods = Self { node, emulator, door: inside.door()? };
        step("helm install --wait codeartifact-operator: ready in its Pod", pods.install()).await?;
        Ok(pods)
    }

    async fn install(&self) -> Result<()> {
        let control_plane = &self.node.control_plane;
        control_plane.evidence().note_operator(&format!("system:serviceaccount:{RELEASE}:{RELEASE}"))?;
        control_plane.namespace(RELEASE, &RESTRICTED).await?;
        let image = json!({"repository": "node.local/codeartifact-operator", "tag": "debug"});
        let mut values = node::values(&image, &self.emulator);
        merge(&mut values, json!({"logLevel": LOG_LEVEL}));
        self.node.helm("install", &values).await.map(drop)
    }

    /// Runs a script in a Job.
    pub(crate) async fn run(&self, name: &str, script: &str) -> Result<String> {
        self.node.job(TEAM, name, pod(SECRET, clients(script))).await
    }

    /// Starts the Pod of the examples, with an image that is there, and with something to do after what it installs.
    pub(crate) async fn start_example(&self) -> Result<()> {
        let mut manifest = std::fs::read_to_string(harness::repository().join("examples/07-pod.yaml"))?;
        let replacements =
            [("node:24", "node.local/clients:1"), ("acme-hello\"]", "acme-hello && exec sleep 1000000\"]")];
        for (example, here) in replacements {
            ensure!(
                manifest.matches(example).count() == 1,
                "examples/07-pod.yaml does not say {example} once"
            );
            manifest = manifest.replace(example, here);
        }
        self.node.control_plane.kubectl_with(&manifest, &["apply", "-f", "-"]).await?;
        let ready =
            ["wait", "--namespace", TEAM, "--for=condition=Ready", "--timeout=60s", &format!("pod/{POD}")];
        self.node.control_plane.kubectl(&ready).await?;
        wait_for("the Pod has installed the package", PATIENCE, async || {
            self.exec("test -e node_modules/acme-hello/package.json").await.map(drop)
        })
        .await
    }

    /// Waits until the Pod of the examples, which was never restarted, sees another token than the one that was kept.
    pub(crate) async fn sees_new_token(&self) -> Result<()> {
        wait_for("the Pod sees the new token", PATIENCE, async || {
            self.exec(&format!("test \"$(cat {KEPT}/token)\" != \"$(cat {MOUNTED}/token)\"")).await
        })
        .await?;
        let pod = self.node.control_plane.get("Pod", TEAM, POD).await?;
        let restarts = pod.data.pointer("/status/containerStatuses/0/restartCount").and_then(Value::as_u64);
        ensure!(restarts == Some(0), "the Pod was restarted: {restarts:?}");
        Ok(())
    }

    pub(crate) async fn keep_login(&self) -> Result<()> {
        self.exec(&format!("mkdir {KEPT} && cp {MOUNTED}/* {MOUNTED}/.[a-z]* {KEPT}/")).await.map(drop)
    }

    pub(crate) async fn run_with_kept(&self, script: &str) -> Result<String> {
        let files =
            format!("export NPM_CONFIG_USERCONFIG=$PWD/{KEPT}/.npmrc PIP_CONFIG_FILE=$PWD/{KEPT}/pip.conf");
        self.exec(&format!("{files}\nmkdir with-kept\ncd with-kept\n{script}")).await
    }

    /// Where the operator serves.
    pub(crate) async fn operator_address(&self) -> Result<String> {
        let operators = self.node.operators().await?;
        let address = operators.first().and_then(|pod| pod.pointer("/status/podIP")).and_then(Value::as_str);
        Ok(format!("{}:8080", address.context("the operator's Pod has no address")?))
    }

    /// Leaves what was seen as evidence.
    pub(crate) async fn collect(&self) {
        if let Err(error) = self.node.collect(self.node.control_plane.evidence()).await {
            say(&format!("not all is collected: {error:#}"));
        }
    }

    /// Runs a script in the Pod of the examples.
    async fn exec(&self, script: &str) -> Result<String> {
        let exec = ["exec", "--namespace", TEAM, POD, "--", "sh", "-ec", script];
        self.node.control_plane.kubectl(&exec).await
    }
}
