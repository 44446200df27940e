//! What a scrape of the metrics counts: objects by health, and when logins expire.

use crate::api::{CommonStatus, ObjectStatus, TokenSettings, TokenStatus};
use crate::credential::schedule::Life;
use crate::engine::object::{Controlled, ObjectKey};
use crate::engine::pipeline::kind::interval;
use crate::engine::status::summary;
use crate::engine::watching::cache::Cache;
use crate::engine::watching::caches::Caches;
use crate::ops::{Expiry, Health, Unready};
use crate::reason::Reason;

/// How many objects of a kind are ready, degraded, not ready, or not looked at yet.
pub(super) fn health<K: Controlled>(cache: &Cache<K>) -> Health {
    let mut health = Health::default();
    for object in cache.all() {
        count(&mut health, object.status().map(ObjectStatus::common));
    }
    // An object that cannot be read is in no cache of objects, and its status says that it is Malformed.
    let unreadable = cache.unreadable_keys(None).len();
    if unreadable > 0 {
        let why = Unready { reason: Reason::Malformed.as_str(), stalled: true };
        *health.unready.entry(why).or_default() += unreadable;
    }
    health
}

fn count(health: &mut Health, status: Option<&CommonStatus>) {
    let Some((status, ready)) = status.and_then(|status| Some((status, summary::ready(status)?))) else {
        health.unknown += 1;
        return;
    };
    let reason = Reason::named(&ready.reason);
    if ready.status == "True" {
        let degraded = reason.is_some_and(Reason::is_degraded);
        *(if degraded { &mut health.degraded } else { &mut health.ready }) += 1;
        return;
    }
    // Whoever may write a status cannot invent labels of a metric.
    let reason = reason.map_or("Other", Reason::as_str);
    *health.unready.entry(Unready { reason, stalled: summary::is_stalled(status) }).or_default() += 1;
}

/// When each login that was given out stops to work. A login that could not be renewed in time stays among them, until its
/// object is deleted or suspended: its owner wants it so then.
pub(super) fn expiries(caches: &Caches) -> Vec<Expiry> {
    let of_namespaces = caches.credentials.all();
    let of_namespaces = of_namespaces
        .iter()
        .filter_map(|object| expiry(object.as_ref(), &object.spec.token, &object.status.as_ref()?.tokens));
    let of_cluster = caches.cluster_credentials.all();
    let of_cluster = of_cluster
        .iter()
        .filter_map(|object| expiry(object.as_ref(), &object.spec.token, &object.status.as_ref()?.tokens));
    of_namespaces.chain(of_cluster).collect()
}

fn expiry<K: Controlled>(object: &K, settings: &TokenSettings, tokens: &[TokenStatus]) -> Option<Expiry> {
    if object.meta().deletion_timestamp.is_some() || object.suspended() {
        return None;
    }
    let renew_before = settings.renew_before.map(interval);
    let promised = |token: &TokenStatus| {
        let rest = Life { issued: token.issued_at, expires: token.expires_at }.promised_rest(renew_before);
        token.expires_at.checked_sub(rest).unwrap_or(token.expires_at)
    };
    let expires = tokens.iter().map(|token| token.expires_at).min()?;
    let promised = tokens.iter().map(promised).min()?;
    Some(Expiry { key: ObjectKey::of(object), expires, promised })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::api::{Domain, RegistryCredential};

    fn domain(name: &str, conditions: &Value) -> Domain {
        let domain = json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1",
            "kind": "Domain",
            "metadata": {"name": name, "uid": name},
            "spec": {},
            "status": {"conditions": conditions},
        });
        serde_json::from_value(domain).unwrap()
    }

    fn condition(kind: &str, status: &str, reason: &str) -> Value {
        json!({"type": kind, "status": status, "reason": reason, "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"})
    }

    #[test]
    fn objects_are_counted_by_why_they_are_not_ready() {
        let cache = Cache::default();
        for (name, conditions) in [
            ("ready", json!([condition("Ready", "True", "Synced")])),
            ("degraded", json!([condition("Ready", "True", "RenewalFailing")])),
            ("new", json!([])),
            (
                "waits",
                json!([
                    condition("Ready", "False", "NotFound"),
                    condition("Reconciling", "True", "NotFound")
                ]),
            ),
            (
                "denied",
                json!([
                    condition("Ready", "False", "AccessDenied"),
                    condition("Stalled", "True", "AccessDenied")
                ]),
            ),
            (
                "denied-too",
                json!([
                    condition("Ready", "False", "AccessDenied"),
                    condition("Stalled", "True", "AccessDenied")
                ]),
            ),
            (
                "invented",
                json!([condition("Ready", "False", "Invented"), condition("Stalled", "False", "Invented")]),
            ),
        ] {
            cache.apply(domain(name, &conditions));
        }
        cache.mark_unreadable(&ObjectKey::new("", "malformed"));
        let why = |reason, stalled| Unready { reason, stalled };
        let unready = [
            (why("NotFound", false), 1),
            (why("AccessDenied", true), 2),
            (why("Other", false), 1),
            (why("Malformed", true), 1),
        ];
        let expected = Health { ready: 1, degraded: 1, unready: unready.into(), unknown: 1 };
        assert_eq!(health(&cache), expected);
    }

    fn login(
        name: &str,
        renew_before: Option<&str>,
        tokens: &[(&str, &str)],
        deleted: bool,
    ) -> RegistryCredential {
        let token = |(issued, expires): &(&str, &str)| {
            let at = |hour: &str| format!("2026-01-01T{hour}:00Z");
            json!({"domain": "acme", "owner": "1", "issuedAt": at(issued), "expiresAt": at(expires), "renewsAt": at(issued)})
        };
        let mut object = json!({
            "apiVersion": "codeartifact-operator.dev/v1alpha1",
            "kind": "RegistryCredential",
            "metadata": {"name": name, "namespace": "team", "uid": name},
            "spec": {"registries": [], "token": {"renewBefore": renew_before}},
            "status": {"tokens": tokens.iter().map(token).collect::<Vec<_>>()},
        });
        if deleted {
            object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        }
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn a_login_ends_with_its_first_token_and_promises_a_rest_of_each() {
        let whole = ("00:00", "12:00");
        for (what, renew_before, tokens, expected) in [
            ("a third unless told otherwise", None, vec![whole], Some(("12:00", "08:00"))),
            ("as told", Some("1h"), vec![whole], Some(("12:00", "11:00"))),
            ("at most half", Some("11h"), vec![whole], Some(("12:00", "06:00"))),
            (
                "the first end, and the first broken promise",
                None,
                vec![whole, ("06:00", "12:30")],
                Some(("12:00", "08:00")),
            ),
            (
                "a later token may promise more",
                Some("4h"),
                vec![("11:00", "12:00"), ("00:00", "12:30")],
                Some(("12:00", "08:30")),
            ),
            ("no token yet", None, vec![], None),
        ] {
            let caches = Caches::default();
            caches.credentials.apply(login("login", renew_before, &tokens, false));
            let expiry = expiries(&caches).pop();
            let at = |hour: &str| format!("2026-01-01T{hour}:00Z").parse().unwrap();
            let expected = expected.map(|(expires, promised)| (at(expires), at(promised)));
            assert_eq!(expiry.map(|it| (it.expires, it.promised)), expected, "{what}");
        }
    }

    #[test]
    fn a_login_that_is_being_deleted_or_suspended_is_missed_by_nobody() {
        let caches = Caches::default();
        let cache = &caches.credentials;
        cache.apply(login("kept", None, &[("00:00", "12:00")], false));
        cache.apply(login("deleted", None, &[("00:00", "12:00")], true));
        let mut suspended = login("suspended", None, &[("00:00", "12:00")], false);
        suspended.spec.suspend = true;
        cache.apply(suspended);
        let names: Vec<_> = expiries(&caches).into_iter().map(|login| login.key.name).collect();
        assert_eq!(names, ["kept"]);
    }
}
