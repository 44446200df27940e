//! Prometheus metrics. Labels come from closed sets, but for the names of logins, whose number is capped.

mod recent;
mod scrape;
mod table;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Metric, Registry};

pub use scrape::{Expiry, Health, Unready};
pub use table::{Described, PREFIX, Shape, TABLE, reference};

use crate::api::KindName;
use crate::clock::Clock;
use recent::LastMinute;
use scrape::Scrape;

/// All metrics of the process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    scrape: Arc<Scrape>,
    reconciles: Family<KindOutcome, Counter>,
    reconcile_duration: Family<OfKind, Histogram, fn() -> Histogram>,
    aws_calls: Family<OperationOutcome, Counter>,
    aws_call_duration: Family<OfOperation, Histogram, fn() -> Histogram>,
    kubernetes_writes: Family<OfKind, Counter>,
    tokens_minted: Counter,
    watch_errors: Family<Watched, Counter>,
    panics: Counter,
    leader: Gauge,
    clock: Clock,
    recent_calls: Arc<Mutex<LastMinute>>,
}

/// The outcome of a call to AWS that alerts ask for.
const THROTTLED: &str = "throttled";

/// How a reconcile ended, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As declared.
    Synced,
    /// What was written before still works, but cannot be renewed.
    Degraded,
    /// Deleted, and nothing keeps it.
    Gone,
    /// It failed and is tried again.
    Retrying,
    /// A dependency comes first.
    Waiting,
    /// Access, quota or sign-in.
    Denied,
    /// Someone must act.
    Stalled,
    /// A defect of ours.
    InternalError,
}

impl Outcome {
    fn as_str(self) -> &'static str {
        match self {
            Self::Synced => "synced",
            Self::Degraded => "degraded",
            Self::Gone => "gone",
            Self::Retrying => "retrying",
            Self::Waiting => "waiting",
            Self::Denied => "denied",
            Self::Stalled => "stalled",
            Self::InternalError => "internal_error",
        }
    }
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindOutcome {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Watched {
    kind: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationOutcome {
    operation: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfOperation {
    operation: String,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(Clock::default())
    }
}

impl Metrics {
    /// Registers everything; nothing is counted yet.
    pub fn new(clock: Clock) -> Self {
        let mut metrics = Self {
            registry: Arc::default(),
            scrape: Arc::new(Scrape::new(clock.clone())),
            reconciles: Family::default(),
            reconcile_duration: Family::new_with_constructor(durations),
            aws_calls: Family::default(),
            aws_call_duration: Family::new_with_constructor(durations),
            kubernetes_writes: Family::default(),
            tokens_minted: Counter::default(),
            watch_errors: Family::default(),
            panics: Counter::default(),
            leader: Gauge::default(),
            clock,
            recent_calls: Arc::default(),
        };
        metrics.registry = Arc::new(metrics.registered());
        metrics
    }

    fn registered(&self) -> Registry {
        let mut registry = Registry::with_prefix(PREFIX);
        add(&mut registry, &table::BUILD, Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        add(&mut registry, &table::LEADER, self.leader.clone());
        add(&mut registry, &table::RECONCILES, self.reconciles.clone());
        add(&mut registry, &table::RECONCILE_DURATION, self.reconcile_duration.clone());
        add(&mut registry, &table::AWS_CALLS, self.aws_calls.clone());
        add(&mut registry, &table::AWS_CALL_DURATION, self.aws_call_duration.clone());
        add(&mut registry, &table::KUBERNETES_WRITES, self.kubernetes_writes.clone());
        add(&mut registry, &table::TOKENS_MINTED, self.tokens_minted.clone());
        add(&mut registry, &table::WATCH_ERRORS, self.watch_errors.clone());
        add(&mut registry, &table::PANICS, self.panics.clone());
        registry.register_collector(Box::new(Arc::clone(&self.scrape)));
        registry
    }

    /// Counts a reconcile.
    pub fn reconciled(&self, kind: KindName, outcome: Outcome, took: Duration) {
        let kind = kind.as_str();
        self.reconciles.get_or_create(&KindOutcome { kind, outcome: outcome.as_str() }).inc();
        self.reconcile_duration.get_or_create(&OfKind { kind }).observe(took.as_secs_f64());
    }

    /// Counts a call to AWS. An operation that was called has the outcome `throttled` from the first call on, if only with 0: the
    /// rate of a counter that appears with 1 misses that 1.
    pub(crate) fn aws_call(&self, operation: &str, outcome: &'static str, took: Duration) {
        let operation = operation.to_owned();
        let counter = |outcome| {
            self.aws_calls.get_or_create_owned(&OperationOutcome { operation: operation.clone(), outcome })
        };
        counter(THROTTLED);
        counter(outcome).inc();
        let second = self.clock.moment().steady.as_secs();
        self.recent_calls.lock().unwrap_or_else(PoisonError::into_inner).add(second);
        self.aws_call_duration.get_or_create(&OfOperation { operation }).observe(took.as_secs_f64());
    }

    /// Counts a write to the Kubernetes API, by the kind written, such as `Secret` or `Event`.
    pub fn kubernetes_write(&self, kind: &'static str) {
        self.kubernetes_writes.get_or_create(&OfKind { kind }).inc();
    }

    /// How many calls to AWS ended in the last minute.
    pub fn aws_calls_in_last_minute(&self) -> u32 {
        let second = self.clock.moment().steady.as_secs();
        self.recent_calls.lock().unwrap_or_else(PoisonError::into_inner).sum(second)
    }

    /// How failures of the watches of a kind are counted, from 0 on.
    pub(crate) fn watch_errors(&self, kind: &str) -> Counter {
        self.watch_errors.get_or_create_owned(&Watched { kind: kind.to_owned() })
    }

    /// Counts a token that AWS issued.
    pub fn token_minted(&self) {
        self.tokens_minted.inc();
    }

    /// Counts a panic, which is a defect of ours.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// Whether this process leads.
    pub fn leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// Says where the health of a kind's objects is looked up at each scrape.
    pub fn objects_from(&self, kind: KindName, source: impl Fn() -> Health + Send + Sync + 'static) {
        self.scrape.add_objects(kind, Box::new(source));
    }

    /// Says where the lengths of queues are looked up at each scrape.
    pub fn queues_from(&self, source: impl Fn() -> Vec<(KindName, usize)> + Send + Sync + 'static) {
        self.scrape.add_queues(Box::new(source));
    }

    /// Says where the expiries of all logins are looked up at each scrape.
    pub fn expiries_from(&self, source: impl Fn() -> Vec<Expiry> + Send + Sync + 'static) {
        self.scrape.set_expiries(Box::new(source));
    }

    /// All metrics as OpenMetrics text.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn add(registry: &mut Registry, metric: &Described, handle: impl Metric) {
    registry.register(metric.name, metric.help, handle);
}

/// From 5 ms, a fast answer, to 40 s, beyond every timeout of a single call.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.005, 2.0, 14))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::object::ObjectKey;

    fn touched() -> String {
        let clock = Clock::default();
        let metrics = Metrics::new(clock.clone());
        metrics.reconciled(KindName::Domain, Outcome::Synced, Duration::from_millis(30));
        metrics.aws_call("CreateDomain", "ok", Duration::from_millis(10));
        metrics.kubernetes_write("Secret");
        metrics.token_minted();
        metrics.panicked();
        metrics.leader(true);
        metrics.watch_errors("Secret").inc();
        metrics.watch_errors("Namespace");
        let why = |reason, stalled| Unready { reason, stalled };
        let unready = [(why("NotFound", false), 4), (why("GrantMissing", true), 1)];
        metrics.objects_from(KindName::Domain, move || Health {
            ready: 2,
            degraded: 3,
            unready: unready.into(),
            unknown: 0,
        });
        metrics.queues_from(|| vec![(KindName::Domain, 7)]);
        let expiry = clock.now() + jiff::SignedDuration::from_secs(3601);
        let login = |name: &str, expires: jiff::Timestamp| Expiry {
            key: ObjectKey::new("team", name),
            expires,
            promised: expires - jiff::SignedDuration::from_secs(1000),
        };
        let dead = clock.now() - jiff::SignedDuration::from_secs(59);
        metrics.expiries_from(move || vec![login("alive", expiry), login("dead", dead)]);
        metrics.encode().unwrap()
    }

    #[test]
    fn exactly_the_documented_metrics_are_served() {
        let text = touched();
        let served: std::collections::BTreeSet<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .filter_map(|line| line.split(' ').next())
            .collect();
        let documented: Vec<_> = TABLE.iter().map(|metric| format!("{PREFIX}_{}", metric.name)).collect();
        assert_eq!(served, documented.iter().map(String::as_str).collect(), "{text}");
        let page = reference();
        for metric in &TABLE {
            assert!(text.contains(&metric.full_name()), "{} is not in\n{text}", metric.full_name());
            assert!(page.contains(&format!("`{}`", metric.full_name())));
        }
    }

    #[test]
    fn the_documented_page_is_up_to_date() {
        let page = include_str!("../../../docs/metrics.md");
        assert!(
            page == reference(),
            "docs/metrics.md is stale: run `make generated` and commit what it changes"
        );
    }

    #[test]
    fn what_is_looked_up_shows_the_state_at_the_scrape() {
        let text = touched();
        for line in [
            r#"codeartifact_operator_objects{kind="Domain",ready="true"} 2"#,
            r#"codeartifact_operator_objects{kind="Domain",ready="false"} 5"#,
            r#"codeartifact_operator_unready_objects{kind="Domain",reason="NotFound",stalled="false"} 4"#,
            r#"codeartifact_operator_unready_objects{kind="Domain",reason="GrantMissing",stalled="true"} 1"#,
            r#"codeartifact_operator_queue_depth{kind="Domain"} 7"#,
            r#"codeartifact_operator_objects{kind="Domain",ready="degraded"} 3"#,
            "codeartifact_operator_credential_expiry_seconds -59",
            r#"codeartifact_operator_login_expiry_seconds{login_namespace="team",login="alive"} 3600"#,
            r#"codeartifact_operator_login_expiry_seconds{login_namespace="team",login="dead"} -59"#,
            r#"codeartifact_operator_login_promise_seconds{login_namespace="team",login="alive"} 2600"#,
            r#"codeartifact_operator_login_promise_seconds{login_namespace="team",login="dead"} -1059"#,
            r#"codeartifact_operator_aws_calls_total{operation="CreateDomain",outcome="ok"} 1"#,
            r#"codeartifact_operator_aws_calls_total{operation="CreateDomain",outcome="throttled"} 0"#,
            r#"codeartifact_operator_watch_errors_total{kind="Secret"} 1"#,
            r#"codeartifact_operator_watch_errors_total{kind="Namespace"} 0"#,
            "codeartifact_operator_tokens_minted_total 1",
            "codeartifact_operator_panics_total 1",
            "codeartifact_operator_leader 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
