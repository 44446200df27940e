//! What the rendered policy of the network admits, read as the network plugins read it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use serde_json::{Value, json};

use crate::render::{Chart, NAMESPACE};

type Labels = BTreeMap<String, String>;

/// Another end of a connection.
enum End {
    Address(&'static str),
    Pod { namespace: &'static str, labels: Value },
}

const AWS: End = End::Address("52.94.133.131");
const API_SERVER: End = End::Address("10.0.0.1");

#[test]
fn by_default_the_destinations_are_open_on_their_ports_alone() -> Result<()> {
    let policy = policy(json!({}))?;
    let egress = [
        (AWS, 443, "TCP", true),
        (AWS, 80, "TCP", false),
        (AWS, 443, "UDP", false),
        (AWS, 53, "UDP", true),
        (API_SERVER, 6443, "TCP", true),
        (API_SERVER, 10250, "TCP", false),
        (End::Address("169.254.170.23"), 80, "TCP", true),
        (End::Address("fd00:ec2::23"), 80, "TCP", true),
        // Whoever is not told to use the node's identity cannot.
        (End::Address("169.254.169.254"), 80, "TCP", false),
        (dns(), 53, "UDP", true),
        (dns(), 53, "TCP", true),
        (dns(), 9153, "TCP", false),
    ];
    for (to, port, protocol, wanted) in egress {
        let admitted = admits_egress(&policy, &to, port, protocol)?;
        ensure!(admitted == wanted, "to {}, {protocol} {port}: {admitted}", to.name());
    }
    let ingress =
        [(End::Address("10.0.0.9"), 8080, true), (prometheus(), 8080, true), (prometheus(), 22, false)];
    for (from, port, wanted) in ingress {
        ensure!(admits_ingress(&policy, &from, port)? == wanted, "from {}, {port}", from.name());
    }
    Ok(())
}

#[test]
fn what_the_values_name_is_admitted_and_nothing_else() -> Result<()> {
    let policy = policy(json!({
        "ingress": {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}},
            "podSelector": {"matchLabels": {"app": "prometheus"}}}]},
        "egress": {
            "dns": {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}]},
            "apiServer": {"to": [{"ipBlock": {"cidr": "10.0.0.0/24"}}], "ports": [6443]},
            "aws": {"to": [{"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.9.0/24"]}}], "ports": [3128]},
            "podIdentity": {"ports": []},
        },
    }))?;
    let egress = [
        (End::Address("10.1.2.3"), 3128, "TCP", true),
        (End::Address("10.1.9.3"), 3128, "TCP", false),
        (End::Address("10.1.2.3"), 443, "TCP", false),
        (AWS, 443, "TCP", false),
        (AWS, 53, "UDP", false),
        (API_SERVER, 6443, "TCP", true),
        (API_SERVER, 3128, "TCP", false),
        (End::Address("169.254.170.23"), 80, "TCP", false),
        (dns(), 53, "UDP", true),
        (prometheus(), 53, "UDP", false),
    ];
    for (to, port, protocol, wanted) in egress {
        let admitted = admits_egress(&policy, &to, port, protocol)?;
        ensure!(admitted == wanted, "to {}, {protocol} {port}: {admitted}", to.name());
    }
    let other = End::Pod { namespace: "monitoring", labels: json!({"app": "other"}) };
    for (from, wanted) in [(prometheus(), true), (other, false), (dns(), false), (AWS, false)] {
        ensure!(admits_ingress(&policy, &from, 8080)? == wanted, "from {}", from.name());
    }
    Ok(())
}

/// The pods of the hooks, too: a namespace may refuse by default what no policy admits.
#[test]
fn the_policy_is_about_every_pod_of_the_release_and_no_other() -> Result<()> {
    let values = json!({"networkPolicy": {"enabled": true}, "releaseOnUninstall": true, "fullnameOverride": "packages"});
    let objects = Chart::ours().objects(&values)?;
    let policy: NetworkPolicy = parsed(&objects, "NetworkPolicy")?;
    let selector = policy.spec.and_then(|spec| spec.pod_selector).context("no podSelector")?;
    let templates: Vec<_> =
        objects.iter().filter_map(|object| object.pointer("/spec/template/metadata/labels")).collect();
    ensure!(templates.len() == 3, "the operator and two hooks: {templates:?}");
    for labels in templates {
        ensure!(selects(&selector, &serde_json::from_value(labels.clone())?), "{labels} is left out");
    }
    let another = json!({"app.kubernetes.io/instance": "release", "app.kubernetes.io/name": "another"});
    ensure!(
        !selects(&selector, &serde_json::from_value(another)?),
        "another part of an umbrella chart is meant, too"
    );
    Ok(())
}

fn dns() -> End {
    End::Pod { namespace: "kube-system", labels: json!({"k8s-app": "kube-dns"}) }
}

fn prometheus() -> End {
    End::Pod { namespace: "monitoring", labels: json!({"app": "prometheus"}) }
}

fn policy(mut more: Value) -> Result<NetworkPolicySpec> {
    more["enabled"] = json!(true);
    let policy: NetworkPolicy =
        parsed(&Chart::ours().objects(&json!({"networkPolicy": more}))?, "NetworkPolicy")?;
    let spec = policy.spec.context("no spec")?;
    ensure!(spec.policy_types.as_deref() == Some(&["Ingress".to_owned(), "Egress".to_owned()]), "{spec:?}");
    Ok(spec)
}

fn parsed<T: serde::de::DeserializeOwned>(objects: &[Value], kind: &str) -> Result<T> {
    let object = objects.iter().find(|object| object["kind"] == kind).with_context(|| kind.to_owned())?;
    Ok(serde_json::from_value(object.clone())?)
}

fn admits_egress(policy: &NetworkPolicySpec, to: &End, port: i32, protocol: &str) -> Result<bool> {
    let rules = policy.egress.iter().flatten().map(|rule| (rule.to.as_deref(), rule.ports.as_deref()));
    admits(rules, to, port, protocol)
}

fn admits_ingress(policy: &NetworkPolicySpec, from: &End, port: i32) -> Result<bool> {
    let rules = policy.ingress.iter().flatten().map(|rule| (rule.from.as_deref(), rule.ports.as_deref()));
    admits(rules, from, port, "TCP")
}

type Rule<'a> = (Option<&'a [NetworkPolicyPeer]>, Option<&'a [NetworkPolicyPort]>);

/// A rule without peers is about everybody, and one without ports about all ports.
fn admits<'a>(rules: impl Iterator<Item = Rule<'a>>, end: &End, port: i32, protocol: &str) -> Result<bool> {
    for (peers, ports) in rules {
        let of_port = ports.unwrap_or_default().is_empty()
            || ports.into_iter().flatten().any(|rule| {
                rule.protocol.as_deref() == Some(protocol) && rule.port == Some(IntOrString::Int(port))
            });
        let mut of_end = peers.unwrap_or_default().is_empty();
        for peer in peers.into_iter().flatten() {
            of_end |= end.is(peer)?;
        }
        if of_port && of_end {
            return Ok(true);
        }
    }
    Ok(false)
}

impl End {
    fn name(&self) -> String {
        match self {
            Self::Address(address) => (*address).to_owned(),
            Self::Pod { namespace, labels } => format!("{namespace} {labels}"),
        }
    }

    fn is(&self, peer: &NetworkPolicyPeer) -> Result<bool> {
        match self {
            Self::Address(address) => {
                let Some(block) = &peer.ip_block else { return Ok(false) };
                let mut inside = contains(&block.cidr, address)?;
                for except in block.except.iter().flatten() {
                    inside &= !contains(except, address)?;
                }
                Ok(inside)
            }
            Self::Pod { namespace, labels } => {
                let labels: Labels = serde_json::from_value(labels.clone())?;
                let name = ("kubernetes.io/metadata.name".to_owned(), (*namespace).to_owned());
                let there = match &peer.namespace_selector {
                    Some(selector) => selects(selector, &Labels::from([name])),
                    None => *namespace == NAMESPACE,
                };
                Ok(peer.ip_block.is_none()
                    && there
                    && peer.pod_selector.as_ref().is_none_or(|selector| selects(selector, &labels)))
            }
        }
    }
}

fn selects(selector: &LabelSelector, labels: &Labels) -> bool {
    let exact = selector.match_labels.iter().flatten().all(|(key, value)| labels.get(key) == Some(value));
    exact
        && selector.match_expressions.iter().flatten().all(|expression| {
            let value = labels.get(&expression.key);
            let listed =
                value.is_some_and(|value| expression.values.iter().flatten().any(|listed| listed == value));
            match expression.operator.as_str() {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                _ => value.is_none(),
            }
        })
}

fn contains(cidr: &str, address: &str) -> Result<bool> {
    let (network, length) = cidr.split_once('/').context("no length")?;
    let (network, address): (IpAddr, IpAddr) = (network.parse()?, address.parse()?);
    let length: u32 = length.parse()?;
    Ok(match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            let shift = 32 - length;
            u64::from(u32::from(network)) >> shift == u64::from(u32::from(address)) >> shift
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => {
            let drop = 128 - length;
            let cut = |address: u128| address.checked_shr(drop).unwrap_or(0);
            cut(u128::from(network)) == cut(u128::from(address))
        }
        _ => false,
    })
}
