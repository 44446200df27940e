//! Cycles of upstreams: who makes one, who is stalled, and what the message names.

use serde_json::{Value, json};

use super::*;
use crate::api::UpstreamStatus;
use crate::reason::Reason;

/// What `app`, with `b` as upstream by AWS name, comes to beside one or two objects that are in the way.
#[test]
fn what_may_not_act_makes_no_cycle() {
    let back = || repository("b", &over(&json!([{"name": "app"}])), None);
    let made = || repository("b", &over(&json!([{"name": "app"}])), Some("acme"));
    let stranger = |mut object: Repository| {
        object.metadata.namespace = Some("stranger".into());
        object
    };
    let stalled = |reason: &str| {
        let condition = json!({"type": "Stalled", "status": "True", "reason": reason, "message": "",
                               "lastTransitionTime": "2026-01-01T00:00:00Z"});
        let mut object = made();
        let status = object.status.as_mut().unwrap();
        status.common.conditions = vec![serde_json::from_value(condition).unwrap()];
        object
    };
    let named = |mut object: Repository, name: &str| {
        object.spec.name = Some("b".into());
        object.metadata.name = Some(name.into());
        if let Some(identity) = object.status.as_mut().and_then(|status| status.identity.as_mut()) {
            *identity = identity.repository_named("b");
        }
        object
    };
    let spec = |member: &str, value: Value| {
        let mut spec = over(&json!([{"name": "app"}]));
        spec[member] = value;
        repository("b", &spec, None)
    };
    let table = [
        ("one that may and does", vec![back()], true),
        ("one that has it in AWS", vec![made()], true),
        ("one without a grant", vec![stranger(back())], false),
        ("one without a grant, whatever its status says", vec![stranger(made())], false),
        ("one that only observes", vec![spec("mode", json!("Observe"))], false),
        ("one that is suspended and was never made", vec![spec("suspend", json!(true))], false),
        ("one whose name another owns", vec![stalled("OwnedByOther")], false),
        ("one that was refused adoption", vec![stalled("AdoptionRefused")], false),
        ("one that stalls because of the cycle itself", vec![stalled("InvalidSpec")], true),
        (
            "one that is hidden by another of its name that may do nothing",
            vec![made(), stranger(named(back(), "z"))],
            true,
        ),
        (
            "one beside another of its name that has it",
            vec![back(), named(repository("y", &json!({}), Some("acme")), "y")],
            false,
        ),
    ];
    for (sentence, others, cycle) in table {
        let declared = declared(&over(&json!([{"name": "b"}])), others);
        assert_eq!(declared.is_err(), cycle, "{sentence}: {declared:?}");
    }
}

#[test]
fn who_has_its_upstream_already_does_not_stall_when_another_closes_a_cycle() {
    let (account, caches) = (account(), Caches::default());
    caches.accounts.apply(account.clone());
    caches.repositories.apply(repository("b", &over(&json!([{"name": "app"}])), Some("acme")));
    for (known, closes) in [(vec![], true), (vec!["other"], true), (vec!["b"], false)] {
        let mut app = repository("app", &over(&json!([{"name": "b"}])), Some("acme"));
        let upstreams = known.iter().map(|name| UpstreamStatus { name: (*name).into(), created_time: None });
        app.status.as_mut().unwrap().upstreams = upstreams.collect();
        let scope = Scope {
            account: &account,
            caches: &caches,
            owner_tag: "c/team/app",
            namespace: "team",
            name: "app",
        };
        caches.repositories.apply(app.clone());
        let identity = identify(&app, &account, &caches).unwrap();
        assert_eq!(declare(&app, &identity, &scope).is_err(), closes, "{known:?}");
    }
}

#[test]
fn a_cycle_names_no_object_of_another_namespace() {
    let (account, caches) = (account(), Caches::default());
    let of = |name: &str, upstream: &str| {
        let mut object = repository(name, &over(&json!([{"name": upstream}])), Some("acme"));
        object.metadata.namespace = Some("platform".into());
        object
    };
    let mut account = account;
    account.spec.grants[0].namespaces.names.get_or_insert_default().push("platform".into());
    caches.accounts.apply(account.clone());
    caches.repositories.apply(of("b", "hidden"));
    caches.repositories.apply(of("hidden", "app"));
    let app = repository("app", &over(&json!([{"name": "b"}])), None);
    let scope =
        Scope { account: &account, caches: &caches, owner_tag: "c/team/app", namespace: "team", name: "app" };
    caches.repositories.apply(app.clone());
    let identity = identify(&app, &account, &caches).unwrap();
    let error = declare(&app, &identity, &scope).unwrap_err().to_string();
    assert!(
        error.contains("team/app → Repository acme/b → a Repository of another namespace → team/app"),
        "{error}"
    );
}

#[test]
fn an_upstream_that_may_not_be_used_makes_no_cycle_and_tells_nothing() {
    let (mut account, caches) = (account(), Caches::default());
    account.spec.grants[0].manage = vec!["acme".into(), "acme/app".into()];
    caches.accounts.apply(account.clone());
    caches.repositories.apply(repository("b", &over(&json!([{"name": "app"}])), Some("acme")));
    let app = repository("app", &over(&json!([{"name": "b"}])), None);
    let scope =
        Scope { account: &account, caches: &caches, owner_tag: "c/team/app", namespace: "team", name: "app" };
    let identity = identify(&app, &account, &caches).unwrap();
    let error = declare(&app, &identity, &scope).unwrap_err();
    assert_eq!(error.reason(), Reason::GrantMissing, "{error}");
    assert!(error.to_string().contains("`use` for acme/b"), "{error}");
}

#[test]
fn who_only_waits_for_a_cycle_is_not_stalled() {
    let others = vec![
        repository("b", &over(&json!([reference("c")])), None),
        repository("c", &over(&json!([reference("b")])), None),
    ];
    let error = declared(&over(&json!([reference("b")])), others).unwrap_err();
    assert_eq!(error.outlook(), Outlook::Waiting, "{error}");
}
