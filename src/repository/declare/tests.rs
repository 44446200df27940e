//! What references resolve to, and what is refused with which words.

use serde_json::{Value, json};

use super::*;
use crate::api::{Domain, UpstreamStatus};
use crate::reason::Reason;

mod cycles;
mod withdrawn;

const OWNER: &str = "123456789012";

fn account() -> AwsAccount {
    let grants = json!([{"namespaces": {"names": ["team"]}, "manage": ["*", "*/*"]}]);
    let spec = serde_json::from_value(json!({"region": "us-east-1", "accountId": OWNER, "grants": grants}));
    AwsAccount::new("default", spec.unwrap())
}

fn identity_json(domain: &str, repository: Option<&str>) -> Value {
    json!({"account": OWNER, "region": "us-east-1", "owner": OWNER, "domain": domain, "repository": repository})
}

fn repository(name: &str, spec: &Value, domain_in_aws: Option<&str>) -> Repository {
    let mut spec = spec.clone();
    if spec.get("domain").is_none() && spec.get("domainRef").is_none() {
        spec["domain"] = json!({"name": "acme"});
    }
    let status = domain_in_aws.map(|domain| {
        json!({"identity": identity_json(domain, Some(name)), "arn": "arn", "createdTime": "2026-01-01T00:00:00Z"})
    });
    serde_json::from_value(json!({
        "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Repository",
        "metadata": {"namespace": "team", "name": name, "uid": name}, "spec": spec, "status": status
    }))
    .unwrap()
}

fn over(upstreams: &Value) -> Value {
    json!({ "upstreams": upstreams })
}

fn reference(name: &str) -> Value {
    json!({"repositoryRef": {"name": name}})
}

/// The object `app` declared among others; the state's upstreams by name, or the error.
fn declared(app: &Value, others: Vec<Repository>) -> Result<Vec<String>> {
    let (account, caches) = (account(), Caches::default());
    caches.accounts.apply(account.clone());
    for other in others {
        caches.repositories.apply(other);
    }
    let app = repository("app", app, None);
    caches.repositories.apply(app.clone());
    let scope =
        Scope { account: &account, caches: &caches, owner_tag: "c/team/app", namespace: "team", name: "app" };
    let identity = identify(&app, &account, &caches)?;
    let state = declare(&app, &identity, &scope)?;
    Ok(state.upstreams.into_iter().map(|upstream| upstream.name).collect())
}

#[test]
fn upstreams_resolve_in_order() {
    let others = vec![repository("npm-store", &json!({}), Some("acme"))];
    let upstreams = over(&json!([{"name": "by-name"}, reference("npm-store")]));
    assert_eq!(declared(&upstreams, others).unwrap(), ["by-name", "npm-store"]);
}

/// What it is about, the declared object, the others, and the reason and words of the error.
type Row = (&'static str, Value, Vec<Repository>, Reason, &'static [&'static str]);

#[test]
fn what_is_wrong_is_told_with_field_value_and_remedy() {
    for (sentence, app, others, reason, words) in waiting().into_iter().chain(invalid()).chain(cyclic()) {
        let error = declared(&app, others).unwrap_err();
        assert_eq!(error.reason(), reason, "{sentence}: {error}");
        for word in words {
            assert!(error.to_string().contains(word), "{sentence}: {error}");
        }
    }
}

fn waiting() -> Vec<Row> {
    vec![
        (
            "an object that is not there",
            over(&json!([reference("gone")])),
            vec![],
            Reason::DependencyNotReady,
            &["Repository team/gone does not exist"],
        ),
        (
            "an object that is not in AWS yet",
            over(&json!([reference("new")])),
            vec![repository("new", &json!({}), None)],
            Reason::DependencyNotReady,
            &["Repository team/new has not been reconciled yet"],
        ),
        (
            "a Domain that is not there",
            json!({"domainRef": {"name": "acme"}}),
            vec![],
            Reason::DependencyNotReady,
            &["Domain team/acme does not exist"],
        ),
    ]
}

fn invalid() -> Vec<Row> {
    vec![
        (
            "an object of another domain",
            over(&json!([reference("far")])),
            vec![repository("far", &json!({}), Some("other"))],
            Reason::InvalidSpec,
            &["spec.upstreams[0].repositoryRef", "team/far", "other/far", "same domain, acme"],
        ),
        (
            "itself by name",
            over(&json!([{"name": "app"}])),
            vec![],
            Reason::InvalidSpec,
            &["spec.upstreams[0].name is app", "its own upstream"],
        ),
        (
            "itself by reference",
            over(&json!([reference("app")])),
            vec![],
            Reason::InvalidSpec,
            &["spec.upstreams[0].repositoryRef is team/app", "its own upstream"],
        ),
        (
            "the same one by reference and by name",
            over(&json!([reference("store"), {"name": "store"}])),
            vec![repository("store", &json!({}), Some("acme"))],
            Reason::InvalidSpec,
            &["spec.upstreams[1] is store", "spec.upstreams[0]"],
        ),
        (
            "what can never be is told before what is waited for",
            over(&json!([reference("gone"), {"name": "app"}])),
            vec![],
            Reason::InvalidSpec,
            &["its own upstream"],
        ),
    ]
}

fn cyclic() -> Vec<Row> {
    vec![
        (
            "a cycle of objects of which none exists yet",
            over(&json!([reference("b")])),
            vec![
                repository("b", &over(&json!([reference("c")])), None),
                repository("c", &over(&json!([reference("app")])), None),
            ],
            Reason::InvalidSpec,
            &["team/app → team/b → team/c → team/app"],
        ),
        (
            "a cycle by AWS names",
            over(&json!([{"name": "b"}])),
            vec![repository("b", &over(&json!([{"name": "app"}])), None)],
            Reason::InvalidSpec,
            &["team/app → team/b → team/app"],
        ),
    ]
}

#[test]
fn an_upstream_that_was_refused_its_name_is_looked_up_in_aws() {
    let (account, caches) = (account(), Caches::default());
    let mut store = repository("store", &json!({}), Some("acme"));
    let condition = json!({"type": "Stalled", "status": "True", "reason": "AdoptionRefused", "message": "",
                           "lastTransitionTime": "2026-01-01T00:00:00Z"});
    let status = store.status.as_mut().unwrap();
    status.common.conditions = vec![serde_json::from_value(condition).unwrap()];
    caches.repositories.apply(store);
    let app = repository("app", &over(&json!([reference("store")])), None);
    let scope =
        Scope { account: &account, caches: &caches, owner_tag: "c/team/app", namespace: "team", name: "app" };
    let identity = identify(&app, &account, &caches).unwrap();
    let upstreams = declare(&app, &identity, &scope).unwrap().upstreams;
    assert_eq!(upstreams, [UpstreamState { name: "store".into(), created: None }]);
}

#[test]
fn a_domain_reference_takes_its_pinned_identity() {
    let (account, caches) = (account(), Caches::default());
    let app = repository("app", &json!({"domainRef": {"name": "d"}, "name": "Web"}), None);
    let domain = |region: &str| -> Domain {
        let mut identity = identity_json("acme", None);
        identity["region"] = region.into();
        serde_json::from_value(json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Domain",
            "metadata": {"namespace": "team", "name": "d", "uid": region}, "spec": {},
            "status": {"identity": identity, "arn": "arn"}
        }))
        .unwrap()
    };
    caches.domains.apply(domain("us-east-1"));
    assert_eq!(identify(&app, &account, &caches).unwrap().to_string(), "acme/Web");
    caches.domains.apply(domain("eu-west-1"));
    let error = identify(&app, &account, &caches).unwrap_err().to_string();
    for word in ["spec.accountRef.name is default", "us-east-1", "Domain team/d", "eu-west-1"] {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn an_upstreams_creation_time_comes_from_its_object() {
    let (account, caches) = (account(), Caches::default());
    caches.repositories.apply(repository("store", &json!({}), Some("acme")));
    let app = repository("app", &over(&json!([reference("store"), {"name": "other"}])), None);
    let scope =
        Scope { account: &account, caches: &caches, owner_tag: "c/team/app", namespace: "team", name: "app" };
    let identity = identify(&app, &account, &caches).unwrap();
    let upstreams = declare(&app, &identity, &scope).unwrap().upstreams;
    let times: Vec<_> = upstreams
        .into_iter()
        .map(|upstream| UpstreamStatus { name: upstream.name, created_time: upstream.created })
        .collect();
    let created_time = "2026-01-01T00:00:00Z".parse().ok();
    let expected = [
        UpstreamStatus { name: "store".into(), created_time },
        UpstreamStatus { name: "other".into(), created_time: None },
    ];
    assert_eq!(times, expected);
}
