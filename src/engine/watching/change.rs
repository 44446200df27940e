//! What a newer version of an object means for it and for others. Pure.

use kube::ResourceExt;

use crate::api::{FINALIZER, KindName, ObjectStatus, RECONCILE_AT, RENEW_AT};
use crate::engine::object::{Controlled, ObjectId, ObjectKey};
use crate::engine::pipeline::standing::verdict;
use crate::engine::status::summary;

/// Whether our finalizer is on the object.
pub(in crate::engine) fn has_finalizer<K: ResourceExt>(object: &K) -> bool {
    object.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
}

/// Whether the user, and not we ourselves, changed something.
pub(in crate::engine) fn needs_reconcile<K: Controlled>(before: &K, now: &K) -> bool {
    let annotation = |object: &K, name: &str| object.annotations().get(name).cloned();
    before.uid() != now.uid()
        || before.meta().generation != now.meta().generation
        || before.meta().deletion_timestamp.is_some() != now.meta().deletion_timestamp.is_some()
        || annotation(before, RECONCILE_AT) != annotation(now, RECONCILE_AT)
        || annotation(before, RENEW_AT) != annotation(now, RENEW_AT)
        || has_finalizer(before) && !has_finalizer(now)
}

/// Whether an earlier operator carried out the object's present spec: at the start, such an object can wait.
pub(in crate::engine) fn is_finished<K: Controlled>(object: &K) -> bool {
    let status = object.status().map(ObjectStatus::common);
    let generation = status.and_then(|status| status.observed_generation);
    object.meta().deletion_timestamp.is_none()
        && generation.is_some()
        && generation == object.meta().generation
        && status.is_some_and(summary::is_ready)
}

/// Whether the change affects the dependents of the object.
pub(in crate::engine) fn affects_dependents<K: Controlled>(before: Option<&K>, now: &K) -> bool {
    before.is_none_or(|before| read_by_users(before) != read_by_users(now))
}

/// What those share with the object that must look again: both when it begins to share and when it changes.
pub(in crate::engine) fn affects_siblings<K: Controlled>(before: Option<&K>, now: &K) -> Option<ObjectId> {
    let same = before.is_some_and(|before| {
        before.sibling_key() == now.sibling_key() && read_by_users(before) == read_by_users(now)
    });
    now.sibling_key().filter(|_| !same)
}

/// Everything that dependents read of an object. A failure of AWS is left out, because dependents meet such a failure
/// themselves.
fn read_by_users<K: Controlled>(object: &K) -> impl PartialEq {
    let meta = object.meta();
    let version = (meta.uid.as_deref(), meta.generation, meta.deletion_timestamp.is_some());
    (version, object.status().map(ObjectStatus::common).and_then(verdict), object.read_by_users())
}

/// The AwsAccount whose answers a reconcile over the object waits for.
pub(in crate::engine) fn account<K: Controlled>(object: &K) -> Option<String> {
    if K::KIND == KindName::AwsAccount {
        return Some(object.name_any());
    }
    let account = object.references().into_iter().find(|target| target.kind == KindName::AwsAccount)?;
    Some(account.key.name)
}

/// What the object refers to, what it shares, and the namespace that its grants depend on.
pub(in crate::engine) fn targets<K: Controlled>(object: &K) -> Vec<ObjectId> {
    let namespace =
        object.namespace().map(|namespace| ObjectId::new(KindName::Namespace, ObjectKey::new("", namespace)));
    object.references().into_iter().chain(object.sibling_key()).chain(namespace).collect()
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
            assert_eq!(needs_reconcile(&before, &domain(metadata)), expected, "{what}");
        }
    }

    fn conditions(list: &[(&str, &str, &str)]) -> DomainStatus {
        let list: Vec<_> = list
            .iter()
            .map(|(kind, status, reason)| {
                json!({"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"})
            })
            .collect();
        serde_json::from_value(json!({"arn": "arn", "conditions": list})).unwrap()
    }

    #[test]
    fn only_what_is_ready_as_declared_can_wait_at_the_start() {
        let condition = |status: &str| conditions(&[("Ready", status, "Synced")]);
        let observed = |status: &str, generation| {
            let mut status = condition(status);
            status.common.observed_generation = generation;
            Some(status)
        };
        let deleted = json!({"generation": 2, "deletionTimestamp": "2026-01-01T00:00:00Z"});
        let table = [
            ("ready", json!({"generation": 2}), observed("True", Some(2)), true),
            ("never looked at", json!({"generation": 2}), None, false),
            ("an older spec", json!({"generation": 2}), observed("True", Some(1)), false),
            ("pinned only", json!({"generation": 1}), observed("False", None), false),
            ("failing", json!({"generation": 2}), observed("False", Some(2)), false),
            ("deleted", deleted, observed("True", Some(2)), false),
        ];
        for (sentence, metadata, status, expected) in table {
            let mut object = domain(metadata);
            object.status = status;
            assert_eq!(is_finished(&object), expected, "{sentence}");
        }
    }

    #[test]
    fn users_are_woken_by_what_they_read_only() {
        let ready = conditions(&[("Ready", "True", "Synced")]);
        let mut before = domain(json!({"uid": "1", "generation": 1}));
        before.status = Some(ready.clone());
        let failing =
            |reason: &str| conditions(&[("Ready", "False", reason), ("Reconciling", "True", reason)]);
        let stalled = |reason: &str| conditions(&[("Ready", "False", reason), ("Stalled", "True", reason)]);
        let with = |change: fn(&mut DomainStatus)| {
            let mut status = ready.clone();
            change(&mut status);
            status
        };
        let table = [
            ("nothing", ready.clone(), false),
            ("AWS fails", failing("AwsUnavailable"), false),
            ("AWS asks to slow down", failing("Throttled"), false),
            ("access is denied for long", stalled("AccessDenied"), false),
            (
                "a look that was asked for",
                with(|status| status.common.last_handled_reconcile_at = Some("1".into())),
                false,
            ),
            ("a tag", with(|status| status.tag_keys = vec!["team".into()]), false),
            ("it is gone from AWS", with(|status| status.arn = None), true),
            (
                "it was made anew",
                with(|status| status.created_time = Some(jiff::Timestamp::UNIX_EPOCH)),
                true,
            ),
            (
                "its name is pinned",
                with(|status| {
                    let identity = json!({"account": "1", "region": "r", "owner": "1", "domain": "acme"});
                    status.identity = Some(serde_json::from_value(identity).unwrap());
                }),
                true,
            ),
            ("another owns it", stalled("OwnedByOther"), true),
            ("it was refused adoption", stalled("AdoptionRefused"), true),
            ("its spec cannot be carried out", stalled("InvalidSpec"), true),
        ];
        for (sentence, status, expected) in table {
            let mut now = before.clone();
            now.status = Some(status);
            assert_eq!(affects_dependents(Some(&before), &now), expected, "{sentence}");
        }
        for metadata in [
            json!({"uid": "1", "generation": 2}),
            json!({"uid": "2", "generation": 1}),
            json!({"uid": "1", "generation": 1, "deletionTimestamp": "2026-01-01T00:00:00Z"}),
        ] {
            let mut now = domain(metadata.clone());
            now.status = Some(ready.clone());
            assert!(affects_dependents(Some(&before), &now), "{metadata}");
        }
        assert!(affects_dependents(None, &before));
    }

    #[test]
    fn users_of_an_account_are_woken_when_it_becomes_ready_or_stops_being() {
        let account = |status: &str, reason: &str| -> crate::api::AwsAccount {
            let conditions = &conditions(&[("Ready", status, reason)]).common.conditions;
            serde_json::from_value(json!({
                "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "AwsAccount",
                "metadata": {"name": "default", "generation": 1},
                "spec": {"accountId": "123456789012", "region": "us-east-1"}, "status": {"conditions": conditions}
            }))
            .unwrap()
        };
        let (ready, failing) = (account("True", "Synced"), account("False", "SignInFailed"));
        assert!(affects_dependents(Some(&ready), &failing) && affects_dependents(Some(&failing), &ready));
        assert!(!affects_dependents(Some(&failing), &account("False", "AwsUnavailable")));
    }

    #[test]
    fn objects_of_one_name_in_aws_wake_each_other() {
        let repository = |name: &str, created: &str| -> crate::api::Repository {
            let identity =
                json!({"account": "1", "region": "r", "owner": "2", "domain": "acme", "repository": name});
            serde_json::from_value(json!({
                "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "Repository",
                "metadata": {"namespace": "team", "name": "web", "generation": 1}, "spec": {"upstreams": [{"name": "npm"}]},
                "status": {"identity": identity, "arn": "arn", "createdTime": created}
            }))
            .unwrap()
        };
        let npm = repository("npm", "2026-01-01T00:00:00Z");
        let woken = affects_siblings(Some(&npm), &repository("npm", "2026-01-02T00:00:00Z")).unwrap();
        assert_eq!(affects_siblings(Some(&npm), &npm), None);
        assert!(
            targets(&repository("web", "2026-01-01T00:00:00Z")).contains(&woken),
            "an upstream by AWS name"
        );
        let policy: crate::api::PackagePolicy = serde_json::from_value(json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1", "kind": "PackagePolicy",
            "metadata": {"namespace": "team", "name": "p"},
            "spec": {"repository": {"domain": "acme", "name": "npm", "owner": "2"}, "packages": [],
                     "origin": {"publish": "Allow", "upstream": "Block"}},
            "status": {"identity": {"account": "3", "region": "r", "owner": "2", "domain": "acme", "repository": "npm"}}
        }))
        .unwrap();
        assert!(targets(&policy).contains(&woken), "a policy by AWS name, of another account");
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
