//! A grant that was there and goes.

use serde_json::json;

use super::*;

#[test]
fn of_an_upstream_that_was_set_before_the_grant_is_named_that_has_gone() {
    let mut account = account();
    let upstream = json!({"repositoryRef": {"name": "store", "namespace": "platform"}});
    let spec = json!({"domain": {"name": "acme"}, "upstreams": [upstream]});
    let mut there = repository("store", &json!({}), Some("acme"));
    there.metadata.namespace = Some("platform".into());
    let told = |account: &AwsAccount, carried_out: i64, others: &[&Repository]| {
        let mut app = repository("app", &spec, Some("acme"));
        app.metadata.generation = Some(2);
        if let Some(status) = &mut app.status {
            status.carried_out_generation = Some(carried_out);
            status.upstreams = vec![UpstreamStatus { name: "store".into(), created_time: None }];
        }
        let caches = Caches::default();
        for other in others {
            drop(caches.repositories.apply((*other).clone()));
        }
        let scope =
            Scope { account, caches: &caches, owner_tag: "c/team/app", namespace: "team", name: "app" };
        let identity = identify(&app, account, &caches).unwrap();
        declare(&app, &identity, &scope).map_err(|error| (error.reason(), error.to_string()))
    };
    assert!(told(&account, 2, &[&there]).is_ok());
    account.spec.grants =
        serde_json::from_value(json!([{"namespaces": {"names": ["team"]}, "manage": ["acme/app"]}])).unwrap();
    let (reason, message) = told(&account, 2, &[&there]).unwrap_err();
    assert!(
        reason == Reason::GrantMissing && message.contains("`use` for acme/store"),
        "{reason:?} {message}"
    );
    assert_eq!(told(&account, 2, &[]).unwrap_err(), (reason, message), "the answer tells that it is gone");
    let (reason, message) = told(&account, 1, &[&there]).unwrap_err();
    assert!(reason == Reason::DependencyNotReady && !message.contains("acme/store"), "{message}");
}
