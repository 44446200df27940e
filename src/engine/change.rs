//! What a newer version of an object means for it and for others. Pure.

use kube::ResourceExt;

use super::{Controlled, KindName, ObjectKey, Target};
use crate::api::{FINALIZER, RECONCILE_AT, RENEW_AT};

/// Whether our finalizer is on the object.
pub(super) fn holds<K: ResourceExt>(object: &K) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

/// Whether the user, and not we ourselves, changed something.
pub(super) fn asks_for_work<K: Controlled>(before: &K, now: &K) -> bool {
    let annotation = |object: &K, name: &str| object.annotations().get(name).cloned();
    before.uid() != now.uid()
        || before.meta().generation != now.meta().generation
        || before.meta().deletion_timestamp.is_some() != now.meta().deletion_timestamp.is_some()
        || annotation(before, RECONCILE_AT) != annotation(now, RECONCILE_AT)
        || annotation(before, RENEW_AT) != annotation(now, RENEW_AT)
        || holds(before) && !holds(now)
}

/// Whether those who refer to the object must look again.
pub(super) fn concerns_users<K: Controlled>(before: Option<&K>, now: &K) -> bool {
    before.is_none_or(|before| {
        before.meta().generation != now.meta().generation || before.status() != now.status()
    })
}

/// What those share with the object that must look again: both when it begins to share and when it changes.
pub(super) fn concerns_sharers<K: Controlled>(before: Option<&K>, now: &K) -> Option<Target> {
    let same = before.is_some_and(|before| {
        before.meta().generation == now.meta().generation && before.shared() == now.shared()
    });
    now.shared().filter(|_| !same)
}

/// The AwsAccount whose answers a pass over the object waits for.
pub(super) fn account<K: Controlled>(object: &K) -> Option<String> {
    if K::KIND == KindName::AwsAccount {
        return Some(object.name_any());
    }
    let account = object.references().into_iter().find(|target| target.kind == KindName::AwsAccount)?;
    Some(account.key.name)
}

/// What the object refers to, what it shares, and the namespace that its grants depend on.
pub(super) fn targets<K: Controlled>(object: &K) -> Vec<Target> {
    let namespace =
        object.namespace().map(|namespace| Target::new(KindName::Namespace, ObjectKey::new("", namespace)));
    object.references().into_iter().chain(object.shared()).chain(namespace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Domain, DomainSpec, DomainStatus};
    use serde_json::json;

    fn domain(metadata: serde_json::Value) -> Domain {
        let mut domain = Domain::new("acme", DomainSpec::default());
        domain.metadata = serde_json::from_value(metadata).unwrap();
        domain
    }

    #[test]
    fn only_the_users_changes_ask_for_work() {
        let before = domain(json!({"uid": "1", "generation": 1, "finalizers": [FINALIZER]}));
        let table = [
            ("nothing", json!({"uid": "1", "generation": 1, "finalizers": [FINALIZER]}), false),
            (
                "a label",
                json!({"uid": "1", "generation": 1, "finalizers": [FINALIZER], "labels": {"a": "b"}}),
                false,
            ),
            (
                "another finalizer",
                json!({"uid": "1", "generation": 1, "finalizers": [FINALIZER, "x/y"]}),
                false,
            ),
            ("our finalizer taken off", json!({"uid": "1", "generation": 1}), true),
            ("the spec", json!({"uid": "1", "generation": 2, "finalizers": [FINALIZER]}), true),
            ("another object", json!({"uid": "2", "generation": 1, "finalizers": [FINALIZER]}), true),
            (
                "deletion",
                json!({"uid": "1", "generation": 1, "finalizers": [FINALIZER], "deletionTimestamp": "2026-01-01T00:00:00Z"}),
                true,
            ),
            (
                "reconcile-at",
                json!({"uid": "1", "generation": 1, "finalizers": [FINALIZER], "annotations": {RECONCILE_AT: "1"}}),
                true,
            ),
        ];
        for (what, metadata, expected) in table {
            assert_eq!(asks_for_work(&before, &domain(metadata)), expected, "{what}");
        }
    }

    #[test]
    fn a_new_status_concerns_users() {
        let before = domain(json!({"generation": 1}));
        let mut now = before.clone();
        assert!(!concerns_users(Some(&before), &now));
        now.status = Some(DomainStatus { arn: Some("arn".into()), ..DomainStatus::default() });
        assert!(concerns_users(Some(&before), &now));
    }

    #[test]
    fn an_object_waits_for_its_account_and_an_account_for_itself() {
        let mut acme = domain(json!({}));
        assert_eq!(account(&acme).as_deref(), Some("default"));
        acme.spec.management.account_ref.name = "team-a".into();
        assert_eq!(account(&acme).as_deref(), Some("team-a"));
        let spec = json!({"accountId": "123456789012", "region": "us-east-1"});
        let own = crate::api::AwsAccount::new("team-b", serde_json::from_value(spec).unwrap());
        assert_eq!(account(&own).as_deref(), Some("team-b"));
    }
}
