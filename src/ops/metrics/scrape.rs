//! What is not counted but looked up when somebody scrapes, so that it cannot drift.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;

use super::table::{CREDENTIAL_EXPIRY, Described, LOGIN_EXPIRY, OBJECTS, QUEUE_DEPTH};
use crate::api::KindName;
use crate::clock::Clock;
use crate::engine::object::ObjectKey;

/// How many objects of a kind are how ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Ready is True, and nothing fails.
    pub ready: usize,
    /// Ready is True, but a renewal fails.
    pub degraded: usize,
    /// Ready is False.
    pub unready: usize,
    /// Ready was not reported yet.
    pub unknown: usize,
}

/// When a login stops to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// The RegistryCredential.
    pub key: ObjectKey,
    /// When the first of its tokens expires, or expired.
    pub expires: Timestamp,
}

/// Of more logins than this, only those that expire first have a series of their own.
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

    fn encode_objects(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut metric = gauge(encoder, &OBJECTS)?;
        for (kind, source) in self.objects.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let health = source();
            for (ready, count) in [
                ("true", health.ready),
                ("degraded", health.degraded),
                ("false", health.unready),
                ("unknown", health.unknown),
            ] {
                metric
                    .encode_family(&[("kind", kind.as_str()), ("ready", ready)])?
                    .encode_gauge(&as_i64(count))?;
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
        let expiries = soonest(source.as_ref().map(|source| source()).unwrap_or_default());
        let now = self.clock.now();
        let rest = |login: &Expiry| login.expires.duration_since(now).as_secs();
        let Some(first) = expiries.first() else { return Ok(()) };
        gauge(encoder, &CREDENTIAL_EXPIRY)?.encode_gauge(&rest(first))?;
        let mut metric = gauge(encoder, &LOGIN_EXPIRY)?;
        for login in &expiries {
            let labels = [("namespace", login.key.namespace.as_str()), ("name", login.key.name.as_str())];
            metric.encode_family(&labels)?.encode_gauge(&rest(login))?;
        }
        Ok(())
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_objects(&mut encoder)?;
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

/// Those that expire first, the first of them in front, at most [`LOGINS`].
fn soonest(mut expiries: Vec<Expiry>) -> Vec<Expiry> {
    expiries.sort_by(|one, other| (one.expires, &one.key).cmp(&(other.expires, &other.key)));
    expiries.truncate(LOGINS);
    expiries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_logins_those_that_expire_first_are_served() {
        let login = |second| Expiry {
            key: ObjectKey::new("team", format!("login-{second}")),
            expires: Timestamp::from_second(second).unwrap(),
        };
        let served = soonest((0..1500).rev().map(login).collect());
        assert_eq!(served.len(), LOGINS);
        assert_eq!((&served[0], &served[999]), (&login(0), &login(999)));
    }
}
