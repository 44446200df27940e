//! The chart, installed into a node, and the operator's Pods.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Node;
use crate::emulator::Emulator;
use crate::evidence::Evidence;
use crate::install::{RELEASE, chart, collect};

/// Values of the chart for an image that the node has or can pull, and for an emulator's clock.
pub fn values(image: &Value, emulator: &Emulator) -> Value {
    let clock = json!({"name": "CODEARTIFACT_OPERATOR_CLOCK", "value": emulator.clock_url()});
    json!({"image": image, "extraEnv": [clock]})
}

impl Node {
    /// Installs or upgrades the release in the namespace of its name, and waits as `helm install --wait` does.
    pub async fn helm(&self, verb: &str, values: &Value) -> Result<String> {
        let file = self.control_plane.scratch().write("values.json", values.to_string())?;
        let (chart, file) = (chart(), file.display().to_string());
        let arguments =
            [verb, RELEASE, &chart, "--namespace", RELEASE, "--values", &file, "--wait", "--timeout", "1m"];
        self.explain(self.control_plane.helm(&arguments).await).await
    }

    /// The Pods of the operator's Deployment that are not being deleted.
    pub async fn operators(&self) -> Result<Vec<Value>> {
        let selector = format!("--selector=app.kubernetes.io/name={RELEASE}");
        let list = ["get", "pods", "--namespace", RELEASE, &selector, "--output=json"];
        let mut list: Value = serde_json::from_str(&self.control_plane.kubectl(&list).await?)?;
        let mut pods: Vec<Value> = serde_json::from_value(list["items"].take())?;
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        Ok(pods)
    }

    /// What a Pod of the operator answers at a path such as `/metrics`.
    pub async fn page(&self, pod: &str, path: &str) -> Result<String> {
        let path = format!("/api/v1/namespaces/{RELEASE}/pods/{pod}:8080/proxy{path}");
        self.control_plane.kubectl(&["get", "--raw", &path]).await
    }

    /// Adds to a failure which Pods there are and what they say.
    pub async fn explain<T>(&self, result: Result<T>) -> Result<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(error.context(self.pods().await)),
        }
    }

    /// Leaves the log and the metrics of the operator's Pods, our objects, events, and Secrets without what they hold, as evidence.
    pub async fn collect(&self, evidence: &Evidence) -> Result<()> {
        self.collect_log(evidence).await?;
        for pod in self.operators().await? {
            let name =
                pod.pointer("/metadata/name").and_then(Value::as_str).context("a Pod without a name")?;
            std::fs::write(evidence.fresh("metrics", "txt")?, self.page(name, "/metrics").await?)?;
        }
        collect::objects(&self.control_plane, evidence, &[None]).await
    }

    /// Leaves the log of the operator's Pods as evidence.
    pub async fn collect_log(&self, evidence: &Evidence) -> Result<()> {
        let log = self.log("--tail=-1").await?;
        std::fs::write(evidence.fresh("operator", "log")?, log).context("operator's log")
    }

    async fn pods(&self) -> String {
        let kubectl = async |arguments: &[&str]| self.control_plane.kubectl(arguments).await;
        let texts = [
            kubectl(&["get", "pods", "--all-namespaces", "--output=wide"]).await,
            kubectl(&["get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"]).await,
            self.log("--tail=30").await,
        ];
        texts.map(|text| text.unwrap_or_else(|error| format!("{error:#}"))).join("\n")
    }

    async fn log(&self, part: &str) -> Result<String> {
        let selector = format!("--selector=app.kubernetes.io/instance={RELEASE}");
        self.control_plane.kubectl(&["logs", "--namespace", RELEASE, &selector, part]).await
    }
}
