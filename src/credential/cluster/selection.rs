//! Which namespaces a ClusterRegistryCredential picks. Pure.

use std::collections::BTreeMap;

use kube::core::{Selector, SelectorExt};

use crate::api::ClusterRegistryCredentialSpec;
use crate::error::{Error, Result};

/// What a spec says of namespaces, ready to be asked about many of them.
#[derive(Clone, Debug)]
pub(super) struct Selection<'a> {
    selector: Option<Selector>,
    names: &'a [String],
    excluded: &'a [String],
}

impl<'a> Selection<'a> {
    /// Refuses a selector that Kubernetes would not understand.
    pub(super) fn of(spec: &'a ClusterRegistryCredentialSpec) -> Result<Self> {
        let selector = spec.namespace_selector.clone().map(Selector::try_from).transpose();
        let selector = selector.map_err(|error| {
            let remedy = "write it as Kubernetes defines label selectors: In and NotIn need values, Exists and DoesNotExist none";
            Error::invalid("spec.namespaceSelector", error.to_string(), remedy)
        })?;
        Ok(Self { selector, names: &spec.namespaces, excluded: &spec.excluded_namespaces })
    }

    /// Whether a namespace with these labels is picked. An exclusion wins.
    pub(super) fn picks(&self, namespace: &str, labels: &BTreeMap<String, String>) -> bool {
        let excluded = self.excluded.iter().any(|glob| fast_glob::glob_match(glob, namespace));
        let named = self.names.iter().any(|name| name == namespace);
        // An empty selector picks every namespace, as everywhere in Kubernetes.
        let labelled = self.selector.as_ref().is_some_and(|selector| selector.matches(labels));
        !excluded && (named || labelled)
    }

    /// The names that the spec lists and does not exclude.
    pub(super) fn names(&self) -> Vec<&'a str> {
        let none = BTreeMap::new();
        self.names.iter().map(String::as_str).filter(|name| self.picks(name, &none)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn spec(namespaces: Value) -> ClusterRegistryCredentialSpec {
        let mut spec = namespaces;
        spec["registries"] = json!([]);
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn a_namespace_is_picked_by_label_or_by_name_and_an_exclusion_wins() {
        let apps = json!({"matchLabels": {"team": "a"}});
        let not_b = json!({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["b"]}]});
        let (by_label, by_expression) =
            (json!({"namespaceSelector": apps}), json!({"namespaceSelector": not_b}));
        let without = |name: &str| json!({"namespaceSelector": {}, "excludedNamespaces": [name]});
        let both = json!({"namespaces": ["app"], "namespaceSelector": apps});
        let table = [
            ("its label", by_label.clone(), "app", "a", true),
            ("another label", by_label.clone(), "app", "b", false),
            ("no label", by_label, "app", "", false),
            ("an expression", by_expression.clone(), "app", "", true),
            ("an expression that does not hold", by_expression, "app", "b", false),
            ("everything", json!({"namespaceSelector": {}}), "kube-system", "", true),
            ("no selector", json!({"namespaces": ["other"]}), "app", "a", false),
            ("its name", json!({"namespaces": ["app"]}), "app", "", true),
            ("its name beside a selector", both, "app", "", true),
            ("everything but it", without("app"), "app", "", false),
            ("everything but a namesake", without("ap"), "app", "", true),
            ("a glob", without("kube-*"), "kube-system", "", false),
            ("another glob", without("kube-*"), "kubeflow", "", true),
            (
                "named and excluded",
                json!({"namespaces": ["app"], "excludedNamespaces": ["a*"]}),
                "app",
                "",
                false,
            ),
        ];
        for (what, namespaces, namespace, team, expected) in table {
            let labels = Some(team).filter(|team| !team.is_empty());
            let labels = labels.map(|team| ("team".to_owned(), team.to_owned())).into_iter().collect();
            let spec = spec(namespaces);
            let selection = Selection::of(&spec).unwrap();
            assert_eq!(selection.picks(namespace, &labels), expected, "{what}");
        }
    }

    #[test]
    fn a_selector_that_nobody_understands_is_refused_by_its_field() {
        let unknown = json!({"matchExpressions": [{"key": "team", "operator": "Like", "values": ["a"]}]});
        let spec = spec(json!({"namespaceSelector": unknown}));
        let error = Selection::of(&spec).unwrap_err();
        assert!(error.to_string().starts_with("spec.namespaceSelector is "), "{error}");
    }

    #[test]
    fn names_that_are_excluded_are_not_listed() {
        let spec = spec(json!({"namespaces": ["a", "b"], "excludedNamespaces": ["b*"]}));
        let selection = Selection::of(&spec).unwrap();
        assert_eq!(selection.names(), ["a"]);
    }
}
