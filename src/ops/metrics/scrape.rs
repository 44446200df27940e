//! What is not counted but looked up when somebody scrapes, so that it cannot drift.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;

use super::table::{CREDENTIAL_EXPIRY, Described, OBJECTS, QUEUE_DEPTH};
use crate::clock::Clock;
use crate::engine::KindName;

/// How many objects of a kind are how ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Ready is True.
    pub ready: usize,
    /// Ready is False.
    pub unready: usize,
    /// Ready was not reported yet.
    pub unknown: usize,
}

type Source<T> = Box<dyn Fn() -> T + Send + Sync>;

/// The sources that a scrape asks.
pub(super) struct Scrape {
    clock: Clock,
    objects: RwLock<Vec<(KindName, Source<Health>)>>,
    queues: RwLock<Vec<Source<Vec<(KindName, usize)>>>>,
    expiries: RwLock<Vec<Source<Option<Timestamp>>>>,
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

    pub(super) fn add_expiry(&self, source: Source<Option<Timestamp>>) {
        self.expiries.write().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    fn encode_objects(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut metric = gauge(encoder, &OBJECTS)?;
        for (kind, source) in self.objects.read().unwrap_or_else(PoisonError::into_inner).iter() {
            let health = source();
            for (ready, count) in
                [("true", health.ready), ("false", health.unready), ("unknown", health.unknown)]
            {
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

    fn encode_expiry(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let expiries = self.expiries.read().unwrap_or_else(PoisonError::into_inner);
        let Some(first) = expiries.iter().filter_map(|source| source()).min() else { return Ok(()) };
        gauge(encoder, &CREDENTIAL_EXPIRY)?.encode_gauge(&first.duration_since(self.clock.now()).as_secs())
    }
}

impl Collector for Scrape {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.encode_objects(&mut encoder)?;
        self.encode_queues(&mut encoder)?;
        self.encode_expiry(&mut encoder)
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
