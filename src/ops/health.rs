//! The HTTP server for probes and metrics.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Router, routing};
use http::{StatusCode, header};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::connections::{self, Bounds};
use super::{Metrics, StatusPage};

/// What must hold before the operator is ready. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    /// What must hold, and whether it does.
    gates: Arc<RwLock<BTreeMap<String, Standing>>>,
    /// What has ended and only a new start brings back.
    broken: Arc<OnceLock<String>>,
}

/// Whether something holds.
#[derive(Clone, Debug)]
enum Standing {
    Holds,
    /// It does not, and why, where that is known.
    Closed(String),
    /// Another process does the work, and this one could take over: that is ready, too.
    Standby(String),
}

/// One thing that must hold. It starts closed.
#[derive(Clone, Debug)]
pub struct Gate {
    readiness: Readiness,
    name: String,
}

impl Readiness {
    /// Adds something that must hold, by the words that `/ready` lists while it does not.
    pub fn gate(&self, name: impl Into<String>) -> Gate {
        let name = name.into();
        self.set(&name, Standing::Closed(String::new()));
        Gate { readiness: self.clone(), name }
    }

    /// Something has ended for good: `/health` fails from now on, so that the process is started anew.
    pub fn is_broken(&self, what: impl Into<String>) {
        self.broken.get_or_init(|| what.into());
    }

    /// What has ended for good, if anything has.
    pub fn broken(&self) -> Option<&str> {
        self.broken.get().map(String::as_str)
    }

    /// What does not hold yet; ready when empty.
    pub fn waiting_for(&self) -> Vec<String> {
        let gates = self.gates.read().unwrap_or_else(PoisonError::into_inner);
        let waits = gates.iter().filter_map(|(name, state)| match state {
            Standing::Closed(why) if why.is_empty() => Some(name.clone()),
            Standing::Closed(why) => Some(format!("{name}: {why}")),
            Standing::Holds | Standing::Standby(_) => None,
        });
        waits.collect()
    }

    /// Why this process does not work although it is ready.
    fn standby(&self) -> Option<String> {
        let gates = self.gates.read().unwrap_or_else(PoisonError::into_inner);
        gates.values().find_map(|state| match state {
            Standing::Standby(why) => Some(why.clone()),
            Standing::Holds | Standing::Closed(_) => None,
        })
    }

    fn set(&self, name: &str, state: Standing) {
        self.gates.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), state);
    }
}

impl Gate {
    /// It holds.
    pub fn open(&self) {
        self.readiness.set(&self.name, Standing::Holds);
    }

    /// It does not hold any more.
    pub fn close(&self) {
        self.closed_because("");
    }

    /// It does not hold, and `/ready` says why.
    pub fn closed_because(&self, why: &str) {
        self.readiness.set(&self.name, Standing::Closed(why.to_owned()));
    }

    /// Another process does the work, and this one is ready to take over. `/ready` says so.
    pub fn stands_by(&self, why: &str) {
        self.readiness.set(&self.name, Standing::Standby(why.to_owned()));
    }
}

/// The server, bound and not yet serving.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Binds the address and logs which one it became.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        tracing::info!(address = %address, "serving");
        Ok(Self { listener, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `/health`, `/ready` and `/metrics`, and the status page where there is to be one, until `stop` is cancelled.
    pub async fn serve(
        self,
        readiness: Readiness,
        metrics: Metrics,
        page: Option<StatusPage>,
        stop: CancellationToken,
    ) -> std::io::Result<()> {
        let page = page.map_or_else(Router::new, |page| {
            Router::new().route("/", routing::get(status)).with_state((page, readiness.clone()))
        });
        let router = Router::new()
            .route("/health", routing::get(health))
            .route("/ready", routing::get(ready))
            .with_state(readiness)
            .route("/metrics", routing::get(scrape).with_state(metrics))
            .merge(page);
        connections::serve(self.listener, router, Bounds::default(), stop).await
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadyAnswer {
    ready: bool,
    waiting_for: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    standby: Option<String>,
}

async fn health(State(readiness): State<Readiness>) -> impl IntoResponse {
    match readiness.broken() {
        None => (StatusCode::OK, "ok\n".to_owned()),
        Some(what) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{what} has ended\n")),
    }
}

async fn ready(State(readiness): State<Readiness>) -> impl IntoResponse {
    let waiting_for = readiness.waiting_for();
    let ready = waiting_for.is_empty();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = serde_json::to_string(&ReadyAnswer { ready, waiting_for, standby: readiness.standby() })
        .unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], body)
}

/// Nothing is loaded from anywhere, nothing runs, and no other page may show this one inside itself.
async fn status(State((page, readiness)): State<(StatusPage, Readiness)>) -> impl IntoResponse {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, page.html(readiness.waiting_for(), readiness.standby()))
}

async fn scrape(State(metrics): State<Metrics>) -> impl IntoResponse {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match metrics.encode() {
        Ok(text) => (StatusCode::OK, [(header::CONTENT_TYPE, OPEN_METRICS)], text),
        Err(error) => {
            (StatusCode::INTERNAL_SERVER_ERROR, [(header::CONTENT_TYPE, "text/plain")], error.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn readiness_lists_what_it_waits_for() {
        let server = Server::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let (address, stop, readiness) = (server.address(), CancellationToken::new(), Readiness::default());
        let (watches, leader) = (readiness.gate("watches"), readiness.gate("leader lease"));
        let (metrics, broken) = (Metrics::new(crate::clock::Clock::default()), readiness.clone());
        let serving = tokio::spawn(server.serve(readiness, metrics, None, stop.clone()));

        assert!(get(address, "/health").await.starts_with("HTTP/1.1 200"));
        watches.open();
        let answer = get(address, "/ready").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.ends_with(r#"{"ready":false,"waitingFor":["leader lease"]}"#), "{answer}");
        leader.closed_because("another leads");
        let answer = get(address, "/ready").await;
        assert!(
            answer.ends_with(r#"{"ready":false,"waitingFor":["leader lease: another leads"]}"#),
            "{answer}"
        );
        leader.stands_by("pod-0 leads");
        let answer = get(address, "/ready").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.ends_with(r#"{"ready":true,"waitingFor":[],"standby":"pod-0 leads"}"#), "{answer}");
        leader.close();
        assert!(get(address, "/ready").await.starts_with("HTTP/1.1 503"));
        leader.open();
        let answer = get(address, "/ready").await;
        assert!(answer.ends_with(r#"{"ready":true,"waitingFor":[]}"#), "{answer}");
        watches.close();
        assert!(get(address, "/ready").await.contains(r#"["watches"]"#));
        assert!(get(address, "/").await.starts_with("HTTP/1.1 404"), "nobody asked for the page");
        assert!(get(address, "/metrics").await.contains("codeartifact_operator_build_info"));

        broken.is_broken("the watch of domains");
        let answer = get(address, "/health").await;
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
        assert!(answer.ends_with("the watch of domains has ended\n"), "{answer}");

        stop.cancel();
        serving.await.unwrap().unwrap();
    }
}
