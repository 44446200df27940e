//! What tests do with an installed operator's objects. Every failure shows the end of the operator's log.

use anyhow::{Context, Result};
use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::emulator::ACCOUNT;
use crate::install::Install;
use crate::install::values::merge;
use crate::objects::{Condition, object};

impl Install {
    /// The first of its namespaces.
    pub fn namespace(&self) -> &str {
        self.namespaces.first().map_or("default", String::as_str)
    }

    /// Applies a manifest; the namespace is the first of this install unless a document names another.
    pub async fn apply(&self, manifest: &str) -> Result<Vec<DynamicObject>> {
        self.control_plane.apply(self.namespace(), manifest).await
    }

    /// The manifest of an AwsAccount at the emulator, signed in to by the administrator's key, with more members of its spec.
    pub fn account(&self, name: &str, more: Value) -> Value {
        let url = self.emulator.url();
        let mut spec = json!({
            "accountId": ACCOUNT,
            "region": "us-east-1",
            "endpoints": {"codeartifact": url, "sts": url},
            "credentials": {"secretRef": {"namespace": self.operator_namespace, "name": "aws"}},
        });
        merge(&mut spec, more);
        object("AwsAccount", name, &spec)
    }

    /// Waits until an object is Ready for its present spec.
    pub async fn ready(&self, kind: &str, namespace: &str, name: &str) -> Result<Condition> {
        self.explain(self.control_plane.ready(kind, namespace, name).await)
    }

    /// Waits until a condition of an object has a status, for its present spec.
    pub async fn condition(
        &self,
        object: (&str, &str, &str),
        condition: &str,
        status: &str,
    ) -> Result<Condition> {
        self.explain(self.control_plane.condition(object, condition, status).await)
    }

    /// Waits until an object satisfies a test.
    pub async fn until(
        &self,
        what: &str,
        object: (&str, &str, &str),
        test: impl FnMut(&DynamicObject) -> bool,
    ) -> Result<DynamicObject> {
        self.explain(self.control_plane.until(what, object, test).await)
    }

    /// Waits until an object is gone.
    pub async fn gone(&self, kind: &str, namespace: &str, name: &str) -> Result<()> {
        self.explain(self.control_plane.gone(kind, namespace, name).await)
    }

    /// Adds the end of the operator's log to a failure.
    pub fn explain<T>(&self, result: Result<T>) -> Result<T> {
        result.with_context(|| format!("the operator's log ends:\n{}\n", self.operator.log_tail()))
    }
}
