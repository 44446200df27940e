//! What the status page shows, looked up when somebody asks for the page.

use kube::ResourceExt;

use super::figures::expiries;
use crate::api::{AwsAccount, ObjectStatus};
use crate::engine::context::Context;
use crate::engine::object::{Controlled, ObjectKey};
use crate::engine::status::summary;
use crate::engine::watching::cache::Cache;
use crate::ops::{Shown, ShownLogin, ShownObject};
use crate::reason::Reason;

/// Everything that the page shows.
pub(super) fn shown(context: &Context) -> Shown {
    let caches = &context.caches;
    let troubled = [
        troubled(&caches.domains),
        troubled(&caches.repositories),
        troubled(&caches.policies),
        troubled(&caches.credentials),
        troubled(&caches.cluster_credentials),
    ];
    let (degraded, unready) = troubled.concat().into_iter().partition(is_degraded);
    let logins = expiries(caches).into_iter().map(|login| ShownLogin {
        expires: login.expires,
        promised: login.promised,
        namespace: login.key.namespace,
        name: login.key.name,
    });
    Shown {
        now: context.clock.now(),
        waiting_for: Vec::new(),
        standby: None,
        accounts: caches.accounts.all().iter().map(|account| of_account(account)).collect(),
        unready,
        degraded,
        logins: logins.collect(),
        aws_calls: context.metrics.aws_calls_in_last_minute(),
    }
}

fn of_account(account: &AwsAccount) -> ShownObject {
    let about = format!("{} {}", account.spec.account_id, account.spec.region);
    ShownObject { about, ..of(account) }
}

/// What is not ready, and what is ready and degraded.
fn troubled<K: Controlled>(cache: &Cache<K>) -> Vec<ShownObject> {
    let all = cache.all();
    let known = all.iter().map(|object| of(object.as_ref()));
    let known = known.filter(|shown| shown.ready != "True" || is_degraded(shown));
    known.chain(cache.unreadable_keys(None).into_iter().map(|key| unreadable::<K>(key))).collect()
}

fn is_degraded(shown: &ShownObject) -> bool {
    shown.ready == "True" && Reason::named(&shown.reason).is_some_and(Reason::is_degraded)
}

fn of<K: Controlled>(object: &K) -> ShownObject {
    let kind = K::KIND.as_str();
    let (namespace, name) = (object.namespace().unwrap_or_default(), object.name_any());
    let ready = object.status().map(ObjectStatus::common).and_then(summary::ready);
    let Some(ready) = ready.cloned() else {
        let reason = "no status yet".to_owned();
        return ShownObject { kind, namespace, name, reason, ..ShownObject::default() };
    };
    let (ready, reason, message) = (ready.status, ready.reason, ready.message);
    ShownObject { kind, namespace, name, about: String::new(), ready, reason, message }
}

/// An object that does not parse. Its status in the cluster says why.
fn unreadable<K: Controlled>(ObjectKey { namespace, name }: ObjectKey) -> ShownObject {
    let (kind, reason) = (K::KIND.as_str(), Reason::Malformed.as_str().to_owned());
    let message = "the object does not match its schema".to_owned();
    ShownObject { kind, namespace, name, about: String::new(), ready: "False".into(), reason, message }
}
