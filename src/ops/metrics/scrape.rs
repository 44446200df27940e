//! What is not counted but looked up when somebody scrapes, so that it cannot drift.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;

use super::table::{
    CREDENTIAL_EXPIRY, Described, LOGIN_EXPIRY, LOGIN_PROMISE, OBJECTS, QUEUE_DEPTH, UNREADY_OBJECTS,
};
use crate::api::KindName;
use crate::clock::Clock;
use crate::engine::object::ObjectKey;
use crate::ops::bounded_list::fairly;

/// How many objects of a kind are how ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Ready is True, and nothing fails.
    pub ready: usize,
    /// Ready is True, but a renewal fails.
    pub degraded: usize,
    /// Ready is False, by why.
    pub unready: BTreeMap<Unready, usize>,
    /// Ready was not reported yet.
    pub unknown: usize,
}

/// Why objects are not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unready {
    /// The reason of Ready, one of the closed list.
    pub reason: &'static str,
    /// Whether somebody must act.
    pub stalled: bool,
}

/// When a login stops to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The RegistryCredential or ClusterRegistryCredential.
    pub key: ObjectKey,
    /// When the first of its tokens expires, or expired.
    pub expires: Timestamp,
    /// Until when each of its tokens has as much life left as was promised.
    pub promised: Timestamp,
}

/// Of more logins than this, only those that break their promise and those that expire first have series of their own.
pub(super) const LOGINS: usize = 1000;

type Source<T> = Box<dyn Fn() -> T + Send + Sync>;

/// The sources that a scrape asks.
pub(super) struct Scrape {
    clock: Clock,
    objects: RwLock<Vec<(KindName, Source<Health>)>>,
    queues: RwLock<Vec<Source<Vec<(KindName, usize)>>>>,
    expiries: RwLock<Option<Source<Vec<Expiry>>>>,
}

impl Scrape {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, objects: RwLock::default(), queues: RwLock::default(), expiries: RwLock::default() }
    }

    pub(super) fn add_objects(&self, kind: KindName, source: Source<Health>) {
        self.objects.write().unwrap_or_else(PoisonError::into_inner).push((kind, source));
    }

    pub(super) fn add_queues(&self, source: Source<Vec<(KindName, usize)>>) {
        self.queues.write().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    pub(super) fn set_expiries(&self, source: Source<Vec<Expiry>>) {
        *self.expiries.write().unwrap_or_else(PoisonError::into_inner) = Some(source);
    }

    fn health(&self) -> Vec<(KindName, Health)> {
        let objects = self.objects.read().unwrap_or_else(PoisonError::into_inner);
        objects.iter().map(|(kind, source)| (*kind, source())).collect()
    }

    fn encode_objects(encoder: &mut DescriptorEncoder<'_>, health: &[(KindName, Health)]) -> fmt::Result {
        let mut metric = gauge(encoder, &OBJECTS)?;
        for (kind, health) in health {
            let unready = health.unready.values().sum();
            for (ready, count) in [
                ("true", health.ready),
                ("degraded", health.degraded),
                ("false", unready),
                ("unknown", health.unknown),
            ] {
                metric
                    .encode_family(&[("kind", kind.as_str()), ("ready", ready)])?
                    .encode_gauge(&as_i64(count))?;
            }
        }
        Ok(())
    }

    fn encode_unready(encoder: &mut DescriptorEncoder<'_>, health: &[(KindName, Health)]) -> fmt::Result {
        let mut metric = gauge(encoder, &UNREADY_OBJECTS)?;
        for (kind, health) in health {
            for (why, count) in &health.unready {
                let stalled = if why.stalled { "true" } else { "false" };
                let labels = [("kind", kind.as_str()), ("reason", why.reason), ("stalled", stalled)];
                metric.encode_family(&labels)?.encode_gauge(&as_i64(*count))?;
            }
        }
        Ok(())
    }

    fn encode_queues(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut metric = gauge(encoder, &QUEUE_DEPTH)?;
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        for (kind, depth) in queues.iter().flat_map(|source| source()) {
            metric.encode_family(&[("kind", kind.as_str())])?.encode_gauge(&as_i64(depth))?;
        }
        Ok(())
    }

    fn encode_expiries(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let source = self.expiries.read().unwrap_or_else(PoisonError::into_inner);
        let all = source.as_ref().map(|source| source()).unwrap_or_default();
        let now = self.clock.now();
        let rest = |until: Timestamp| until.duration_since(now).as_secs();
        let Some(first) = all.iter().map(|login| login.expires).min() else { return Ok(()) };
        gauge(encoder, &CREDENTIAL_EXPIRY)?.encode_gauge(&rest(first))?;
        let served = served(all, now);
        let until: [(_, fn(&Expiry) -> Timestamp); 2] =
            [(&LOGIN_EXPIRY, |login| login.expires), (&LOGIN_PROMISE, |login| login.promised)];
        for (described, until) in until {
            let mut metric = gauge(encoder, described)?;
            for login in &served {
                let labels =
                    [("login_namespace", login.key.namespace.as_str()), ("login", login.key.name.as_str())];
                metric.encode_family(&labels)?.encode_gauge(&rest(until(login)))?;
            }
        }
        Ok(())
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let health = self.health();
        Self::encode_objects(&mut encoder, &health)?;
        Self::encode_unready(&mut encoder, &health)?;
        self.encode_queues(&mut encoder)?;
        self.encode_expiries(&mut encoder)
    }
}

impl fmt::Debug for Scrape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrape")
    }
}

fn gauge<'a>(
    encoder: &'a mut DescriptorEncoder<'_>,
    metric: &'a Described,
) -> Result<MetricEncoder<'a>, fmt::Error> {
    encoder.encode_descriptor(metric.name, metric.help, None, MetricType::Gauge)
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Those that have series of their own, at most [`LOGINS`]: in front those that break their promise, and then those that expire first.
/// Many short tokens that are renewed in time do not hide a long one that is not, and the logins of one namespace hide none of another.
fn served(mut logins: Vec<Expiry>, now: Timestamp) -> Vec<Expiry> {
    logins.sort_by_cached_key(|login| (login.promised >= now, login.expires, login.key.clone()));
    fairly(logins, LOGINS, |login| &login.key.namespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn login(expires: i64, promised: i64) -> Expiry {
        let key = ObjectKey::new("team", format!("login-{expires}"));
        Expiry { key, expires: at(expires), promised: at(promised) }
    }

    #[test]
    fn of_many_logins_those_that_expire_first_are_served() {
        let kept = |second| login(second, second);
        let served = served((0..1500).rev().map(kept).collect(), at(0));
        assert_eq!(served.len(), LOGINS);
        assert_eq!((&served[0], &served[999]), (&kept(0), &kept(999)));
    }

    #[test]
    fn a_login_that_breaks_its_promise_is_served_before_those_that_expire_earlier_and_keep_theirs() {
        let broken = login(9000, 10);
        let logins = (100..1600).map(|second| login(second, second)).chain([broken.clone()]).collect();
        let served = served(logins, at(11));
        assert_eq!((served.len(), &served[0]), (LOGINS, &broken));
    }

    #[test]
    fn many_logins_of_one_namespace_hide_none_of_another() {
        let other = Expiry { key: ObjectKey::new("other", "login"), ..login(9000, 9000) };
        let logins = (0..1500).map(|second| login(second, second)).chain([other.clone()]).collect();
        let served = served(logins, at(20_000));
        assert_eq!((served.len(), served.last()), (LOGINS, Some(&other)));
    }
}
