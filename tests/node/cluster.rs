//! What the steps work with: a node, an emulator that Pods reach, and kubectl.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use harness::evidence::Evidence;
use harness::node::namespaces::Inside;
use harness::node::{ADDRESS, Node, REGISTRY};
use harness::process::tail;
use harness::{Emulator, repository};
use serde_json::{Value, json};

/// The namespace of the operator.
pub(crate) const OPERATOR: &str = "codeartifact-operator";
/// The namespace that uses the operator.
pub(crate) const TEAM: &str = "team";

/// A node with everything beside it.
pub(crate) struct Cluster {
    pub(crate) node: Node,
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
        let node = Node::start(inside).await?;
        let images = repository().join("target/node/images");
        for image in ["pause", "shell", "clients"] {
            node.import(&images.join(format!("{image}.tar"))).await?;
        }
        let image = node.publish("codeartifact-operator").await?;
        let told = Mutex::default();
        let cluster = Self { node, emulator, image, evidence, told };
        let restricted = [("pod-security.kubernetes.io/enforce", "restricted")];
        for namespace in [OPERATOR, TEAM] {
            cluster.node.control_plane.namespace(namespace, &restricted).await?;
        }
        Ok(cluster)
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

    /// Installs the chart with the image under test and waits as `helm install --wait` does.
    pub(crate) async fn helm(&self, verb: &str, more: &Value) -> Result<String> {
        let mut values = self.values();
        merge(&mut values, more);
        let file = self.evidence.folder().join("values.json");
        std::fs::write(&file, values.to_string())?;
        let chart = repository().join("charts/codeartifact-operator");
        let (chart, file) = (path(&chart), path(&file));
        let arguments =
            [verb, OPERATOR, &chart, "--namespace", OPERATOR, "--values", &file, "--wait", "--timeout", "1m"];
        self.node.control_plane.helm(&arguments).await.context(self.pods().await)
    }

    /// What Pods there are, and what they say, for failures.
    pub(crate) async fn pods(&self) -> String {
        let pods = self.kubectl(&["get", "pods", "--all-namespaces", "--output", "wide"]).await;
        let events =
            self.kubectl(&["get", "events", "--all-namespaces", "--sort-by", ".lastTimestamp"]).await;
        let selector = format!("--selector=app.kubernetes.io/instance={OPERATOR}");
        let log =
            self.kubectl(&["logs", "--namespace", OPERATOR, &selector, "--tail=30", "--all-pods"]).await;
        [pods, events, log].map(|text| text.unwrap_or_else(|error| format!("{error:#}"))).join("\n")
    }

    /// Runs a Job to its end and returns what it printed.
    pub(crate) async fn job(&self, name: &str, container: Value) -> Result<String> {
        let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {
            "backoffLimit": 0, "template": {"spec": pod(container)}}});
        self.apply(&[job]).await?;
        let of_job = format!("job/{name}");
        let ended = [
            "wait",
            "--namespace",
            TEAM,
            "--timeout=180s",
            "--for=jsonpath={.status.conditions[0].status}=True",
            &of_job,
        ];
        self.kubectl(&ended).await.with_context(|| format!("{name} did not end"))?;
        let printed = self.kubectl(&["logs", "--namespace", TEAM, &of_job]).await?;
        let succeeded = ["get", "--namespace", TEAM, &of_job, "--output=jsonpath={.status.succeeded}"];
        let succeeded = self.kubectl(&succeeded).await?;
        anyhow::ensure!(succeeded == "1", "{name} failed: {printed}");
        Ok(printed)
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
        let log = self
            .kubectl(&[
                "logs",
                "--namespace",
                OPERATOR,
                "--selector=app.kubernetes.io/instance=codeartifact-operator",
                "--tail=-1",
            ])
            .await;
        if let (Ok(log), Ok(file)) = (log, self.evidence.fresh("operator", "log")) {
            drop(std::fs::write(file, log));
        }
    }

    fn values(&self) -> Value {
        let url = self.emulator.url();
        let everything = json!([{"namespaces": {"all": true}, "manage": ["*", "*/*"], "connect": ["*"],
            "credentials": [{"domains": ["*"]}]}]);
        json!({
            "image": {"repository": format!("{REGISTRY}/codeartifact-operator"), "digest": self.image},
            "extraEnv": [{"name": "CODEARTIFACT_OPERATOR_CLOCK", "value": self.emulator.clock_url()}],
            "account": {"create": true, "accountId": "123456789012", "region": "us-east-1",
                "endpoints": {"codeartifact": url, "sts": url}, "grants": everything,
                "credentials": {"secretRef": {"namespace": OPERATOR, "name": "aws"}}},
        })
    }
}

/// A Pod as the restricted Pod Security Standard wants it, with the Secret `login` mounted at `/login`.
pub(crate) fn pod(mut container: Value) -> Value {
    let restricted = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
    container["name"] = json!("main");
    container["imagePullPolicy"] = json!("Never");
    container["securityContext"] = restricted;
    container["volumeMounts"] = json!([{"name": "login", "mountPath": "/login", "readOnly": true}]);
    json!({
        "restartPolicy": "Never", "automountServiceAccountToken": false, "containers": [container],
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "login", "secret": {"secretName": "login"}}],
    })
}

/// The ends of the logs of the node's programs.
pub(crate) fn logs(inside: &Inside) -> String {
    let of = |name: &str| format!("== {name}\n{}", tail(&inside.folder.join(format!("{name}.log")), 15));
    ["containerd", "kubelet", "kube-scheduler", "registry"].map(of).join("\n")
}

fn path(path: &std::path::Path) -> String {
    PathBuf::from(path).display().to_string()
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert_with(|| json!({})), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
