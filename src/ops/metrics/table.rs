//! Every metric: name, labels and meaning. Registration and documentation both read this table.

/// A metric, as documented.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// Name without the prefix, and for counters without `_total`.
    pub name: &'static str,
    /// What it is.
    pub shape: Shape,
    /// Its labels.
    pub labels: &'static str,
    /// What it means, without the full stop.
    pub help: &'static str,
}

/// The kinds of metric, as OpenMetrics calls them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Only grows; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts by size.
    Histogram,
    /// Always 1; the labels are the message. Its name ends in `_info`.
    Info,
}

/// Before every name.
pub const PREFIX: &str = "codeartifact_operator";

pub(super) const BUILD: Described =
    Described { name: "build", shape: Shape::Info, labels: "version", help: "The version that runs" };
pub(super) const LEADER: Described = Described {
    name: "leader",
    shape: Shape::Gauge,
    labels: "",
    help: "1 while this process holds the leader lease, and therefore works; 0 otherwise",
};
pub(super) const RECONCILES: Described = Described {
    name: "reconciles",
    shape: Shape::Counter,
    labels: "kind, outcome (synced, degraded, gone, retrying, waiting, denied, stalled, internal_error)",
    help: "Reconciles by how they ended; degraded: the object works and is in trouble, such as a login whose renewal fails",
};
pub(super) const RECONCILE_DURATION: Described = Described {
    name: "reconcile_duration_seconds",
    shape: Shape::Histogram,
    labels: "kind",
    help: "How long reconciles took, waiting for rate limits included",
};
pub(super) const OBJECTS: Described = Described {
    name: "objects",
    shape: Shape::Gauge,
    labels: "kind, ready (true, degraded, false, unknown)",
    help: "Objects by the status of their Ready condition; degraded when it is True and the object is in trouble (RenewalFailing, ReadDenied), unknown when it was not reported yet",
};
pub(super) const UNREADY_OBJECTS: Described = Described {
    name: "unready_objects",
    shape: Shape::Gauge,
    labels: "kind, reason (of the Ready condition), stalled (true, false)",
    help: "Objects whose Ready condition is False, by its reason; stalled is true when somebody must act, and false while the operator goes on by itself",
};
pub(super) const QUEUE_DEPTH: Described = Described {
    name: "queue_depth",
    shape: Shape::Gauge,
    labels: "kind",
    help: "Objects that are due and wait for a free worker; each AwsAccount has a share of them; of the kind Delivery, the namespaces of ClusterRegistryCredentials",
};
pub(super) const AWS_CALLS: Described = Described {
    name: "aws_calls",
    shape: Shape::Counter,
    labels: "operation, outcome (ok, denied, not_found, conflict, quota, throttled, rejected, unavailable, no_answer, not_sent)",
    help: "Calls to AWS by operation and outcome",
};
pub(super) const AWS_CALL_DURATION: Described = Described {
    name: "aws_call_duration_seconds",
    shape: Shape::Histogram,
    labels: "operation",
    help: "How long calls to AWS took",
};
pub(super) const KUBERNETES_WRITES: Described = Described {
    name: "kubernetes_writes",
    shape: Shape::Counter,
    labels: "kind",
    help: "Writes to the Kubernetes API by the kind that was written; an idle operator writes nothing but its Lease, which is not counted",
};
pub(super) const TOKENS_MINTED: Described = Described {
    name: "tokens_minted",
    shape: Shape::Counter,
    labels: "",
    help: "Authorization tokens that AWS issued to this process",
};
pub(super) const WATCH_ERRORS: Described = Described {
    name: "watch_errors",
    shape: Shape::Counter,
    labels: "kind (of what is watched)",
    help: "Failures of the watches of the Kubernetes API; a watch that is broken fails again at least once a minute",
};
pub(super) const PANICS: Described = Described {
    name: "panics",
    shape: Shape::Counter,
    labels: "",
    help: "Panics that were caught, each a defect of the operator; one in a watch or a controller makes `/health` fail",
};
pub(super) const CREDENTIAL_EXPIRY: Described = Described {
    name: "credential_expiry_seconds",
    shape: Shape::Gauge,
    labels: "",
    help: "Seconds until the first login of all RegistryCredentials and ClusterRegistryCredentials expires, negative from then on until it works again; absent while there is none",
};

pub(super) const LOGIN_EXPIRY: Described = Described {
    name: "login_expiry_seconds",
    shape: Shape::Gauge,
    labels: LOGIN_LABELS,
    help: "Seconds until the login of a RegistryCredential expires, negative from then on until it works again",
};
pub(super) const LOGIN_PROMISE: Described = Described {
    name: "login_promise_seconds",
    shape: Shape::Gauge,
    labels: LOGIN_LABELS,
    help: "Seconds until the login of a RegistryCredential has less life left than spec.token.renewBefore promises, negative from then on until it is renewed",
};
/// Not `namespace`: Prometheus puts its own label of that name, the namespace of the operator, on what it scrapes from a Pod.
const LOGIN_LABELS: &str = "login_namespace, login (namespace and name of the RegistryCredential, or name of the ClusterRegistryCredential; of 1,000, the namespaces taking turns: those that break their promise, then those that expire first; not of suspended ones)";

/// All metrics, in the order of the documentation.
pub const TABLE: [Described; 16] = [
    BUILD,
    LEADER,
    RECONCILES,
    RECONCILE_DURATION,
    OBJECTS,
    UNREADY_OBJECTS,
    QUEUE_DEPTH,
    AWS_CALLS,
    AWS_CALL_DURATION,
    KUBERNETES_WRITES,
    TOKENS_MINTED,
    WATCH_ERRORS,
    PANICS,
    CREDENTIAL_EXPIRY,
    LOGIN_EXPIRY,
    LOGIN_PROMISE,
];

impl Described {
    /// The name as it is scraped; for histograms, without the suffixes of its series.
    pub fn full_name(&self) -> String {
        let suffix = match self.shape {
            Shape::Counter => "_total",
            Shape::Info => "_info",
            Shape::Gauge | Shape::Histogram => "",
        };
        format!("{PREFIX}_{}{suffix}", self.name)
    }
}

/// The reference page `docs/metrics.md`.
pub fn reference() -> String {
    let rows = TABLE.iter().map(|metric| {
        let shape = format!("{:?}", metric.shape).to_lowercase();
        format!("| `{}` | {shape} | {} | {} |\n", metric.full_name(), metric.labels, metric.help)
    });
    std::iter::once(HEAD.to_owned()).chain(rows).collect()
}

const HEAD: &str = "\
# Metrics

<!-- Generated by `make generated` from src/ops/metrics/table.rs. Do not edit. -->

The operator serves these metrics on `/metrics` as OpenMetrics text. Labels come from closed sets, or their number is capped, so that
the number of series is bounded.

| metric | type | labels | meaning |
|---|---|---|---|
";
