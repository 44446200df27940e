//! What a kubelet would make of the Deployment's container: arguments, environment, downward API.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::EnvVar;

/// A container as it is to be started.
#[derive(Debug, Clone)]
pub(super) struct Container {
    /// The ServiceAccount of the pod.
    pub(super) account: String,
    /// Arguments, after the program.
    pub(super) arguments: Vec<String>,
    /// The whole environment.
    pub(super) environment: Vec<(String, String)>,
}

impl Container {
    /// Reads the one container of a Deployment. What is not understood is refused, so that nothing is silently left out.
    pub(super) fn of(deployment: &Deployment, namespace: &str) -> Result<Self> {
        let name = deployment.metadata.name.clone().context("a Deployment without a name")?;
        let pod =
            deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref()).context("no pod spec")?;
        let [container] = pod.containers.as_slice() else { bail!("{name} has not one container") };
        ensure!(container.env_from.is_none(), "envFrom is not understood here");
        // A pod keeps its name when its container restarts, and so does this one.
        let pod_name = format!("{name}-0");
        let account = pod.service_account_name.clone().context("no ServiceAccount")?;

        let mut known = BTreeMap::new();
        for variable in container.env.iter().flatten() {
            let value = value_of(variable, namespace, &pod_name, &account)?;
            known.insert(variable.name.clone(), value);
        }
        // The image's program is replaced by the one under test.
        let command = container.command.iter().flatten().skip(1);
        let arguments =
            command.chain(container.args.iter().flatten()).map(|text| expand(text, &known)).collect();
        Ok(Self { account, arguments, environment: known.into_iter().collect() })
    }
}

fn value_of(variable: &EnvVar, namespace: &str, pod: &str, account: &str) -> Result<String> {
    if let Some(value) = &variable.value {
        return Ok(value.clone());
    }
    let Some(source) = &variable.value_from else { return Ok(String::new()) };
    let path = source.field_ref.as_ref().map(|field| field.field_path.as_str());
    Ok(match path {
        Some("metadata.namespace") => namespace.to_owned(),
        Some("metadata.name") => pod.to_owned(),
        Some("spec.serviceAccountName") => account.to_owned(),
        _ => bail!("the source of {} is not understood here: {source:?}", variable.name),
    })
}

/// `$(NAME)` becomes the variable's value where there is one, as in Kubernetes.
fn expand(text: &str, known: &BTreeMap<String, String>) -> String {
    known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(environment: &serde_json::Value) -> Deployment {
        let container = json!({"name": "operator", "command": ["/operator", "run"], "env": environment,
            "args": ["--operator-namespace=$(POD_NAMESPACE)", "--name=$(UNKNOWN)"]});
        let spec = json!({"selector": {}, "template": {"spec": {
            "serviceAccountName": "account", "containers": [container]}}});
        serde_json::from_value(json!({"metadata": {"name": "release"}, "spec": spec})).unwrap()
    }

    #[test]
    fn the_downward_api_reaches_environment_and_arguments() {
        let field = json!([{"name": "POD_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            {"name": "AWS_REGION", "value": "eu-central-1"}]);
        let container = Container::of(&deployment(&field), "here").unwrap();
        assert_eq!(container.arguments, ["run", "--operator-namespace=here", "--name=$(UNKNOWN)"]);
        let pairs = [("AWS_REGION", "eu-central-1"), ("POD_NAMESPACE", "here")];
        assert_eq!(container.environment, pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_only_a_kubelet_could_do_is_refused() {
        let secret = json!([{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "aws", "key": "key"}}}]);
        let refusal = Container::of(&deployment(&secret), "here").unwrap_err();
        assert!(refusal.to_string().contains("the source of KEY is not understood"), "{refusal}");
    }
}
